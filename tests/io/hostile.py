"""Architectures that mean harm, under a digest that is right."""

import copy
import json

from numbanet.io.tensors import KEY
from tests.io.parts import join, said, sealed, split


def places(value, found=None):
    """All (container, key) within a JSON value."""
    found = [] if found is None else found
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, v in items:
        found.append((value, key))
        places(v, found)
    return found


WILD = (
    *(None, True, False, 0, -1, 1, 2, 3.5, 1e308, 10**9, 2**31, 2**63, 10**18, 10**30, "", "x", "relu", "a/b", [], {}),
    *([1, 2], [10**9, 10**9], [[0, 0], [10**9, 0]], ["Dense"], "\ud800", "same", {"class_name": "Dense", "config": {}}),
    *({"class_name": "os.system", "config": {"command": "true"}}, {"class_name": "Layer", "config": {}}),
    *({"class_name": "Orthogonal", "config": {"gain": 1e300}}, {"class_name": "Zeros", "config": {"x": 1}}),
)


def node(class_name, /, **config):
    return {"class_name": class_name, "config": config}


def hostile_layers(r):
    """Layers that would take long or much memory, if anything were done with them."""
    nested = node("Dense", units=3)
    for _ in range(r.choice((5, 15, 18, 30, 200))):
        nested = r.choice((node("Residual", layers=[nested]), node("TimeDistributed", layer=nested)))
    many = r.choice((10, 512, 513, 1000, 20_000))
    return r.choice(
        (
            [node("RepeatVector", n=10**9, name="r")],
            [node("RepeatVector", n=10**9, name="r"), node("Flatten", name="f")],
            [node("UpSampling1D", size=10**18, name=f"u{k}") for k in range(many)],
            [node("Reshape", target_shape=[1] * 50_000, name="r")],
            [node("ReLU", name=f"r{k}") for k in range(many)],
            [node("ReLU", name="same") for _ in range(many)],
            [node("ReLU") for _ in range(many)],
            [node("Residual", layers=[node("ReLU") for _ in range(many)], name="it")],
            [node("Dense", units=10**18, name="d")],
            [node("Dense", units=3, kernel_initializer=node("Orthogonal"), name="d")] * 2,
            [node("Conv2D", filters=10**12, kernel_size=[60_000, 60_000], name="c")],
            [node("LSTM", units=10**9, stateful=True, batch_size=10**9, name="l")],
            [node("Embedding", input_dim=2**24, output_dim=10**9, name="e")],
            [node("ZeroPadding2D", padding=10**15, name="z")],
            [node("Activation", activation=node("Activation", activation="relu"), name="a")],
            [nested | {"config": nested["config"] | {"name": "n"}}],
        )
    )


def architecture(r, content, other):
    """Values of the metadata changed at random, or hostile ones, under a digest that is right."""
    header, payload = split(content)
    metadata = said(header)["metadata"]
    kind = r.random()
    if kind < 0.6:
        for _ in range(r.choice((1, 1, 2, 5))):
            container, key = r.choice(places(metadata))
            container[key] = copy.deepcopy(r.choice(WILD))
    elif kind < 0.75:
        metadata["layers"] = hostile_layers(r)
        metadata["weights"] = []
        if r.random() < 0.8:  # no tensors at all
            header, payload = {"__metadata__": {}}, b""
    elif kind < 0.85:
        metadata["layers"][r.randrange(len(metadata["layers"]) + 1) :] = hostile_layers(r)
    elif kind < 0.9:
        metadata["input_shape"] = r.choice(([10**18] * 3, [], [0], [2**62], [1] * 200_000, [1.0], None))
    else:
        metric = r.choice(
            (node("ConfusionMatrix", num_classes=10 ** r.randint(1, 12)), node("Precision"), node("Accuracy"))
        )
        metadata["compile"] = {
            "optimizer": r.choice(
                (node("Adam"), node("Adam", learning_rate=node("OneCycle")), node("Optimizer"), "sgd")
            ),
            "loss": r.choice((node("Loss"), node("Huber", delta=1e-300), node("SparseCategoricalCrossentropy"), "mse")),
            "metrics": [metric] * r.choice((1, 1, 2, 5000)),
        }
    if r.random() < 0.1:  # as it is, with the digest of before
        text = json.dumps({**said(split(content)[0]), "metadata": metadata})
        return join({**header, "__metadata__": {KEY: text}}, payload)
    return sealed(header, metadata, payload)
