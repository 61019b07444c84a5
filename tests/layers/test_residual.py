"""Residual: layers within a layer, and a way round them."""

import json

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, ShapeError, StateError
from numbanet.kernels import activations, dropout
from numbanet.layers import (
    Activation,
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    LayerNormalization,
    Reshape,
    Residual,
)
from numbanet.random import LAYERS
from numbanet.step import TRAIN
from tests.models import same

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((9, 4)), RANDOM.standard_normal((9, 3))


def model(*blocks, shape=(4,), dtype="float64", device="cpu", above=True):
    m = nn.Sequential([*blocks, *([Flatten(name="flat"), Dense(3, name="above")] if above else [])], seed=5)
    m.build(shape, device, dtype)
    m.compile("sgd", "mse")
    return m


def right(m, x=X[:3], y=Y[:3]):
    for training in (True, False):
        report = nn.check_gradients(m, x, y, training=training, verbose=False)
        assert report, str(report)


class _Rude(layers.Layer):
    """Doubles its input, and uses the memory of dy once it is done with it, as a layer may."""

    def describe(self, input_shape):
        return layers.Description(input_shape)

    def _double(self, program, x, y):
        program.call(program.kernels(activations).leaky_relu, x.reshape(-1), 2.0, y.reshape(-1))

    def forward(self, program, t, training):
        program.call(program.kernels(activations).linear, t.x.reshape(-1), t.y.reshape(-1))

    def backward(self, program, t):
        if t.dx is not None:
            program.call(program.kernels(activations).linear, t.dy.reshape(-1), t.dx.reshape(-1))
        program.call(program.kernels(activations).tanh, t.x.reshape(-1), t.dy.reshape(-1))


BLOCKS = {
    "one": lambda: Residual([Dense(4, "tanh")]),
    "three": lambda: Residual([Dense(6), Activation("tanh"), Dense(4, use_bias=False)]),
    "activation": lambda: Residual([Dense(4)], activation="softplus"),
    "softmax": lambda: Residual([Dense(4)], activation="softmax"),
    "dropout": lambda: Residual([Dense(4, "tanh"), Dropout(0.4)]),
    "dropout first": lambda: Residual([Dropout(0.4), Dense(4, "tanh")]),
    "dropout alone": lambda: Residual([Dropout(0.4)]),
    "shortcut": lambda: Residual([Dense(5, "tanh")], shortcut=Dense(5)),
    "long shortcut": lambda: Residual([Dense(5)], [Dense(3, "tanh"), Dropout(0.3), Dense(5)], "tanh"),
    "shapes": lambda: Residual([Reshape((2, 2)), Flatten(), Dense(4), Reshape((-1,))]),
    "flat shortcut": lambda: Residual([Reshape((2, 2)), Activation("tanh")], Reshape((2, 2))),
    "nested": lambda: Residual([Residual([Dense(4, "tanh"), Residual([Dense(4), Dropout(0.2)])], activation="tanh")]),
    "rude": lambda: Residual([Dense(4, "tanh"), _Rude()]),
    "rude twice": lambda: Residual([Dense(4), _Rude()], [_Rude(), Dense(4, "tanh"), _Rude()], "tanh"),
    "batch normalization": lambda: Residual(
        [Dense(4), BatchNormalization(), Activation("tanh"), Dense(4, use_bias=False), BatchNormalization()],
        activation="tanh",
    ),
    "normalized shortcut": lambda: Residual(
        [LayerNormalization(), Dense(5)], [Dense(5, use_bias=False), BatchNormalization()]
    ),
    "penalties": lambda: Residual([Dense(4, kernel_regularizer="l2")], Dense(4, bias_regularizer="l2")),
}
every_block = pytest.mark.parametrize("block", BLOCKS)


@pytest.mark.parametrize("below", [0, *(pytest.param(k, marks=pytest.mark.compiled) for k in (1, 2))])
@every_block
def test_gradients(block, below):
    right(model(*[Dense(4, name=f"below{k}") for k in range(below)], BLOCKS[block]()))


def test_the_sum_by_hand():
    m = model(Residual([Dense(6, "tanh"), Dense(4)]), above=False)
    w, b, v, c = m.get_weights()
    assert np.allclose(m.predict(X), X + (np.tanh(X @ w + b) @ v + c), rtol=1e-12)
    m = model(Residual([Dense(3, "tanh")], shortcut=Dense(3), activation="relu"), above=False)
    w, b, v, c = m.get_weights()
    assert np.allclose(m.predict(X), np.maximum(np.tanh(X @ w + b) + X @ v + c, 0), rtol=1e-12)


def test_where_nothing_is_computed_the_input_counts_twice():
    for block in (Residual([Dropout(0.5)]), Residual([Flatten()]), Residual([Reshape((2, 2)), Flatten()], Flatten())):
        m = model(block, above=False)
        assert np.array_equal(m.predict(X), 2 * X)
        gradient = m.input_gradient(X, np.zeros_like(X))
        assert np.allclose(gradient, 2 * 2 * (2 * X) / X.size, rtol=1e-12)


def test_against_torch():
    torch = pytest.importorskip("torch")
    m = model(
        Residual([Dense(6, "tanh"), Residual([Dense(6)], activation="sigmoid")], shortcut=Dense(6), activation="relu"),
        Residual([Dense(6, "tanh")]),
    )
    weights = [torch.tensor(w, requires_grad=True) for w in m.get_weights()]
    a, b, c, d, e, f, g, h, i, j = weights
    x = torch.tensor(X, requires_grad=True)
    inner = torch.tanh(x @ a + b)
    block = torch.relu(torch.sigmoid(inner + inner @ c + d) + x @ e + f)
    block = block + torch.tanh(block @ g + h)
    loss = torch.nn.functional.mse_loss(block @ i + j, torch.tensor(Y))
    loss.backward()
    found, gradients = m.gradients(X, Y)
    assert abs(found - loss.item()) < 1e-10
    for mine, theirs in zip([*gradients, m.input_gradient(X, Y)], [*weights, x], strict=True):
        assert np.abs(mine - theirs.grad.numpy()).max() < 1e-10


def test_batch_normalization_inside_against_torch():
    torch = pytest.importorskip("torch")
    m = model(Residual([Dense(4, use_bias=False), BatchNormalization(0.9)], activation="relu", name="block"))
    names = m.weight_names[:5]
    assert names == ["block/dense/kernel"] + [
        f"block/batch_normalization/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")
    ]
    assert [slot.parameter.name for slot in m._network.trained][:3] == [name[6:] for name in names[:3]]
    kernel, gamma, beta, _, _, v, c = m.get_weights()
    weights = [torch.tensor(w, requires_grad=True) for w in (kernel, gamma, beta, v, c)]
    x = torch.tensor(X, requires_grad=True)
    z = torch.nn.functional.batch_norm(x @ weights[0], None, None, *weights[1:3], training=True, eps=1e-3)
    loss = torch.nn.functional.mse_loss(torch.relu(z + x) @ weights[3] + weights[4], torch.tensor(Y))
    loss.backward()
    _, gradients = m.gradients(X, Y, training=True)
    for mine, theirs in zip([*gradients, m.input_gradient(X, Y, training=True)], [*weights, x], strict=True):
        assert np.abs(mine - theirs.grad.numpy()).max() < 1e-10
    assert not m.get_weights()[3].any()  # nothing was trained yet
    m.train_on_batch(X, Y)
    _, _, _, mean, variance, *_ = m.get_weights()
    assert np.allclose(mean, 0.1 * (X @ kernel).mean(0), rtol=1e-12)
    assert np.allclose(variance, 0.9 + 0.1 * (X @ kernel).var(0), rtol=1e-12)


@every_block
def test_cpu_agrees_with_the_reference(block):
    results = []
    for device in ("cpu", "reference"):
        m = model(Dense(4), BLOCKS[block](), device=device)
        loss, gradients = m.gradients(X, Y, training=True)
        results.append([m.predict(X), loss, *gradients, m.input_gradient(X, Y, training=True)])
    for mine, expected in zip(*results, strict=True):
        assert np.allclose(mine, expected, rtol=1e-11, atol=1e-13)


def test_weights_have_names_in_order():
    m = model(
        Residual(
            [Dense(4), Dense(5, use_bias=False), Residual([Dense(5)]), Dense(4, name="out")],
            shortcut=[Dense(2), Dense(2), Dense(4, name="last", use_bias=False)],
            name="block",
        ),
        above=False,
    )
    assert m.weight_names == [
        "block/dense/kernel",
        "block/dense/bias",
        "block/dense_1/kernel",
        "block/residual/dense/kernel",
        "block/residual/dense/bias",
        "block/out/kernel",
        "block/out/bias",
        "block/shortcut_dense/kernel",
        "block/shortcut_dense/bias",
        "block/shortcut_dense_1/kernel",
        "block/shortcut_dense_1/bias",
        "block/last/kernel",
    ]
    shapes = [w.shape for w in m.get_weights()]
    assert shapes == [(4, 4), (4,), (4, 5), (5, 5), (5,), (5, 4), (4,), (4, 2), (2,), (2, 2), (2,), (2, 4)]
    assert m.count_params() == sum(np.prod(shape) for shape in shapes)
    others = [RANDOM.standard_normal(shape) for shape in shapes]
    m.set_weights(others)
    assert all(np.array_equal(a, b) for a, b in zip(m.get_weights(), others, strict=True))


def test_names_avoid_those_that_are_given():
    block = Residual([Dense(4, name="dense"), Dense(4), Dense(4, name="dense_1")], Dense(4, name="shortcut_dense_2"))
    names = model(block).weight_names[:-2:2]
    assert names == [f"residual/{name}/kernel" for name in ("dense", "dense_2", "dense_1", "shortcut_dense_2")]
    assert block.layers[1].name is None  # the block's business, not the layer's


def test_summary_counts_what_is_inside(capsys):
    m = model(Residual([Dense(4)], name="block"))
    m.summary()
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("block")).split() == ["block", "Residual", "(N,", "4)", "20"]
    assert m.count_params() == 20 + 15


def test_penalties_of_inner_layers_count():
    plain = model(Residual([Dense(4)]))
    m = model(Residual([Dense(4, kernel_regularizer=nn.regularizers.L2(0.5))]))
    m.set_weights(plain.get_weights())
    (loss, gradients), (other, others) = m.gradients(X, Y), plain.gradients(X, Y)
    kernel = m.get_weights()[0]
    assert np.isclose(loss, other + 0.5 * (kernel**2).sum(), rtol=1e-12)
    assert np.allclose(gradients[0], others[0] + kernel, rtol=1e-12)


def streams(m):
    """What dropout draws from in a training step, with the owners of the calls."""
    calls = m._steps.record(TRAIN, 4).program.calls
    return {c.owner: c.arguments[3] - LAYERS for c in calls if c.kernel is dropout_forward}


dropout_forward = nn.devices.get_device("cpu").kernels(dropout).forward


def test_every_dropout_has_its_stream():
    def block(**names):
        return Residual([Dropout(0.5), Dense(4), Residual([Dropout(0.5)], [Dropout(0.5), Dropout(0.5)])], **names)

    m = model(Dense(4), Dropout(0.5, name="a"), block(name="b"), Dropout(0.5, name="c"), block(name="d"))
    found = streams(m)
    assert found == {
        "a": 1,
        "b/dropout": 2,
        "b/residual/dropout": 4,
        "b/residual/shortcut_dropout": 5,
        "b/residual/shortcut_dropout_1": 6,
        "c": 7,
        "d/dropout": 8,
        "d/residual/dropout": 10,
        "d/residual/shortcut_dropout": 11,
        "d/residual/shortcut_dropout_1": 12,
    }


def test_layers_outside_of_blocks_keep_their_place_as_stream():
    assert streams(model(Dense(4), Dropout(0.5), Dense(4), Dropout(0.5))) == {"dropout": 1, "dropout_1": 3}


@every_block
def test_calls_say_whose_they_are(block):
    m = model(BLOCKS[block]())
    owners = {c.owner for c in m._steps.record(TRAIN, 4).program.calls}
    assert {owner.split("/")[0] for owner in owners} - {"data"} == {"residual", "above", "loss", "check", "optimizer"}


def test_configuration_of_nested_blocks_survives_a_file():
    for name, make in BLOCKS.items():
        if "rude" in name:
            continue  # files know public classes
        block = make()
        block.name = "block"
        again = Residual.from_config(json.loads(json.dumps(block.get_config())))
        assert again.get_config() == block.get_config()
        assert repr(again) == repr(block)
        a, b = model(block), model(again)
        assert a.weight_names == b.weight_names
        assert same(a, b)
        assert np.array_equal(a.predict(X), b.predict(X))


def test_batches_of_other_sizes():
    m = model(Residual([Dense(6, "tanh"), Dropout(0.3), Dense(4)], Dense(4)))
    whole = m.predict(X)
    for n in (9, 1, 4):
        assert np.allclose(m.predict(X[:n]), whole[:n], rtol=1e-12)
    right(m)
    m.gradients(X, Y)  # makes room for nine samples
    right(m)


@pytest.mark.compiled
def test_a_deep_stack_learns():
    labels = (X[:, 0] * X[:, 1] > 0).astype(int)
    blocks = [Residual([Dense(8, "relu"), Dense(8)], activation="relu") for _ in range(12)]
    m = nn.Sequential([Dense(8), *blocks, Dense(2)], seed=1)
    m.build((4,), dtype="float64")
    m.compile(nn.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", ["accuracy"])
    history = m.fit(X, labels, batch_size=4, epochs=40, verbose=0)
    assert history.history["accuracy"][-1] == 1


def test_adding_a_layer_keeps_the_weights_inside():
    m = model(Residual([Dense(4)]))
    before = m.get_weights()
    m.add(Residual([Dense(3)]))
    assert all(np.array_equal(a, b) for a, b in zip(m.get_weights(), before, strict=False))
    assert len(m.get_weights()) == len(before) + 2


def refused(*blocks, error=ShapeError):
    with pytest.raises(error) as caught:
        model(*blocks, above=False).predict(X)
    return str(caught.value)


def test_shapes_must_agree():
    words = refused(Dense(4), Residual([Dense(3)]))
    assert words == (
        "Residual (layer 1, 'residual'): expected layers whose output has the shape of their input, (N, 4), received "
        "(N, 3). Give layers that keep the shape, or a shortcut that makes the same one, such as shortcut=Dense(3)."
    )
    words = refused(Residual([Dense(3)], [Dense(2)]))
    assert "the shape of the shortcut, (N, 2), received (N, 3)" in words
    assert "shortcut=Conv2D(1, 1)" in refused(Residual([Reshape((2, 2, 1))]))
    assert "shortcut=Conv1D(2, 1)" in refused(Residual([Reshape((2, 2))]))
    assert refused(Residual([Reshape((2, 1, 1, 2))])).endswith("that makes the same one.")


def test_errors_name_the_layer_inside():
    words = refused(Residual([Dense(4), Residual([Reshape((2, 2)), Dense(4)])], name="block"))
    assert words.startswith(
        "Residual (layer 0, 'block'): Residual (layer 1, 'residual'): Dense (layer 1, 'dense'): expected input of shape"
    )
    words = refused(Residual([Dense(4)], [Reshape((3,))]))
    assert words.startswith("Residual (layer 0, 'residual'): Reshape (layer 0, 'shortcut_reshape'): expected samples")


class _Lazy(_Rude):
    def forward(self, program, t, training):
        pass


def test_a_forward_that_records_nothing_is_refused():
    words = refused(Residual([_Lazy(name="lazy")], name="block"), error=StateError)
    assert words.startswith("_Lazy ('block/lazy'): forward wrote no kernel call")


@pytest.mark.parametrize(
    "value", [None, [], Dense(3), "dense", [3], ["relu"], [Dense], {"class_name": "Dense"}], ids=repr
)
def test_layers_refused(value):
    with pytest.raises(ArgumentError, match=r"^Residual: layers must be"):
        Residual(value)
    if value is not None and not isinstance(value, layers.Layer):
        with pytest.raises(ArgumentError, match=r"^Residual: shortcut must be"):
            Residual([Dense(3)], shortcut=value)


def test_arguments_refused():
    with pytest.raises(ArgumentError, match="activation"):
        Residual([Dense(3)], activation="rulu")
    with pytest.raises(ArgumentError, match=r"layer names must differ. Received: name='a' twice"):
        Residual([Dense(3, name="a")], Dense(3, name="a"))
    layer = Dense(3)
    with pytest.raises(ArgumentError, match="is in the block already; make a new one"):
        Residual([layer, layer])


def resnet(dtype="float64"):
    """A block that keeps the images' shape and one that halves it."""

    def convolution(channels, strides=1):
        return layers.Conv2D(channels, 3, strides=strides, padding="same", use_bias=False)

    blocks = [
        Residual(
            [convolution(c, s), BatchNormalization(), layers.ReLU(), convolution(c), BatchNormalization()], shortcut
        )
        for c, s, shortcut in [
            (2, 1, None),
            (3, 2, [layers.Conv2D(3, 1, strides=2, use_bias=False), BatchNormalization()]),
        ]
    ]
    m = nn.Sequential([convolution(2), blocks[0], layers.ReLU(), blocks[1], layers.Flatten(), Dense(3)], seed=2)
    m.build((5, 4, 1), dtype=dtype)
    m.compile("adam", "mse")
    return m


IMAGES = RANDOM.standard_normal((4, 5, 4, 1))


@pytest.mark.compiled
def test_gradients_of_a_small_resnet():
    right(resnet(), IMAGES, Y[:4])


@pytest.mark.compiled
def test_a_small_resnet_trains():
    m = resnet("float32")
    losses = [m.train_on_batch(IMAGES.astype("float32"), Y[:4].astype("float32")) for _ in range(60)]
    assert losses[-1] < 0.2 * losses[0]
    assert np.isfinite(m.predict(IMAGES.astype("float32"))).all()
