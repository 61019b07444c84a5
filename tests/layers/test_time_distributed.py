"""TimeDistributed: a layer at every step of a sequence."""

import json

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError
from numbanet.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GroupNormalization,
    LayerNormalization,
    MaxPooling2D,
    ReLU,
    Residual,
    Softmax,
    SpatialDropout2D,
    TimeDistributed,
)
from numbanet.step import TRAIN
from tests.models import refuses, same

RANDOM = np.random.default_rng(0)
SEQUENCE, IMAGES = (3, 4), (2, 3, 4, 2)  # samples: three steps of vectors, two images

# a layer, and what it is given
INSIDE = {
    "dense": (lambda: Dense(2, "tanh"), SEQUENCE),
    "dense with z": (lambda: Dense(2, "gelu"), SEQUENCE),
    "softmax": (Softmax, SEQUENCE),
    "layer normalization": (LayerNormalization, SEQUENCE),
    "dropout": (lambda: Dropout(0.4), SEQUENCE),
    "flatten": (Flatten, IMAGES),
    "conv2d": (lambda: Conv2D(3, 2, activation="tanh", padding="same"), IMAGES),
    "max pooling": (lambda: MaxPooling2D(2), IMAGES),
    "group normalization": (lambda: GroupNormalization(2), IMAGES),
    "spatial dropout": (lambda: SpatialDropout2D(0.4), IMAGES),
    "residual": (lambda: Residual([Dense(4, "tanh"), Dropout(0.3)]), SEQUENCE),
    "sequence": (lambda: TimeDistributed(Dense(3)), (2, 3, 4)),
    "batch normalization": (BatchNormalization, SEQUENCE),
}
every = pytest.mark.parametrize("name", INSIDE)


def model(layer, shape, above=(), dtype="float64", device="cpu"):
    m = nn.Sequential([layer, *above], seed=5)
    m.build(shape, device, dtype)
    m.compile("sgd", "mse")
    random = np.random.default_rng(1)
    m.set_weights([abs(random.standard_normal(w.shape)).astype("float32").astype(dtype) for w in m.get_weights()])
    return m


def samples(a):
    return a.reshape(-1, *a.shape[2:])


@every
def test_it_is_the_layer_on_all_steps_as_samples(name):
    """To the bit, with its mask and statistics, forward and backward."""
    make, shape = INSIDE[name]
    ours, plain = model(TimeDistributed(make()), shape, dtype="float32"), model(make(), shape[1:], dtype="float32")
    x = RANDOM.standard_normal((7, *shape)).astype("float32")
    y = ours.predict(x)
    assert y.shape == (7, shape[0], *plain.predict(samples(x)).shape[1:])
    assert np.array_equal(samples(y), plain.predict(samples(x)))
    target = RANDOM.standard_normal(y.shape).astype("float32")
    for training in (False, True):
        (loss, gradients), (other, others) = (
            m.gradients(x_, t, training=training)
            for m, x_, t in ((ours, x, target), (plain, samples(x), samples(target)))
        )
        assert (loss, same(gradients, others)) == (pytest.approx(other, rel=1e-6), True)
        dx = plain.input_gradient(samples(x), samples(target), training=training)
        assert np.array_equal(samples(ours.input_gradient(x, target, training=training)), dx)
    for m, *batch in ((ours, x, target), (plain, samples(x), samples(target))):
        m.train_on_batch(*batch) if m.get_weights() else None
    assert same(ours, plain)  # also running statistics


@pytest.mark.compiled
@every
def test_gradients(name):
    make, shape = INSIDE[name]
    m = model(TimeDistributed(make()), shape, [Flatten(name="flat"), Dense(2, name="above")])
    for training in (True, False):
        batch = RANDOM.standard_normal((2, *shape)), RANDOM.standard_normal((2, 2))
        report = nn.check_gradients(m, *batch, training=training, verbose=False)
        assert report, str(report)


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_relu_in_place_within_it(device):
    x, y = (RANDOM.standard_normal((6, *SEQUENCE)) for _ in range(2))
    models = []
    for layer in (ReLU(), TimeDistributed(ReLU()), TimeDistributed(TimeDistributed(ReLU()))):
        shape = (3, 2, 2) if isinstance(getattr(layer, "layer", None), TimeDistributed) else SEQUENCE
        below = [TimeDistributed(Dense(4, name="d"), name="b"), layers.Reshape(shape), LayerNormalization()]
        models.append(model(below[0], SEQUENCE, [*below[1:], layer, layers.Reshape(SEQUENCE)], device=device))
        weights = [
            w.reshape(-1)[: v.size].reshape(v.shape)
            for w, v in zip(models[0].get_weights(), models[-1].get_weights(), strict=True)
        ]
        models[-1].set_weights(weights)
    assert TimeDistributed(ReLU()).in_place
    expected, found = (m.gradients(x, y) for m in models[:2])
    assert expected[0] == found[0]
    assert same(expected[1], found[1])
    assert nn.check_gradients(models[2], x[:2], y[:2], verbose=False)
    assert np.array_equal(models[0].predict(x), models[1].predict(x))


def test_names_of_parameters_and_calls():
    m = model(TimeDistributed(Dense(2)), SEQUENCE, [TimeDistributed(BatchNormalization(name="bn"), name="t")])
    assert m.weight_names[:3] == ["time_distributed/dense/kernel", "time_distributed/dense/bias", "t/bn/gamma"]
    assert m.count_params() == 4 * 2 + 2 + 4 * 2
    step = m._steps.step(TRAIN, 4)
    owners = {call.owner for call in step.program.calls}
    assert {"time_distributed/dense", "t/bn"} <= owners


def test_against_torch():
    torch = pytest.importorskip("torch")
    m = model(TimeDistributed(Dense(2)), SEQUENCE)
    x, y = RANDOM.standard_normal((5, *SEQUENCE)), RANDOM.standard_normal((5, 3, 2))
    w, b = (torch.tensor(a, requires_grad=True) for a in m.get_weights())
    loss = torch.nn.functional.mse_loss(torch.nn.functional.linear(torch.tensor(x), w.T, b), torch.tensor(y))
    loss.backward()
    found = m.gradients(x, y)
    assert found[0] == pytest.approx(loss.item(), rel=1e-12)
    for a, expected in zip(found[1], (w, b), strict=True):
        assert np.allclose(a, expected.grad.numpy(), rtol=0, atol=1e-12)


def test_what_it_refuses():
    for bad in (Dense, "dense", None, 3, [Dense(2)]):
        with pytest.raises(
            ArgumentError, match=r"^TimeDistributed: layer must be a layer, such as Dense\(8\)\. Received"
        ):
            TimeDistributed(bad)
    refuses(lambda: TimeDistributed({"class_name": "Dens", "config": {}}), "TimeDistributed", "Did you mean 'Dense'")
    refuses(
        lambda: model(TimeDistributed(Dense(2)), (4,)), "expected sequences of shape (N, steps, ...), received (N, 4)"
    )
    words = "TimeDistributed (layer 0, 'time_distributed'): Dense ('dense'), for each step: expected input of shape"
    refuses(lambda: model(TimeDistributed(Dense(2)), IMAGES), words, "received (N, 3, 4, 2). Put Flatten() before it.")
    words = "Put Flatten() before it, or TimeDistributed round it, for each of 3 steps."
    refuses(lambda: model(Dense(2), SEQUENCE), "received (N, 3, 4)", words)


def test_configuration_round_trip():
    layer = TimeDistributed(TimeDistributed(Dense(3, "relu", name="d")), name="it")
    config = json.loads(json.dumps(layer.get_config()))
    again = TimeDistributed.from_config(config)
    assert again.get_config() == config == layer.get_config()
    assert repr(layer) == repr(eval(repr(layer), vars(layers) | vars(nn.initializers)))
    assert repr(TimeDistributed(Dense(3))) == "TimeDistributed(layer=Dense(units=3))"
