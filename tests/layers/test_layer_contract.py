"""What every layer must do. A new layer is one row of CASES."""

import contextlib
import json
from itertools import product

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ShapeError
from numbanet.layers.activations import _known as ACTIVATIONS
from numbanet.layers.base import Layer, snake_case
from tests.oracles import DTYPES, assert_agrees

VECTOR, IMAGE = (4,), (2, 1, 3)
NAMES = vars(nn.initializers) | vars(nn.regularizers) | vars(layers)  # what a repr may say
BASES = {"Layer"}  # not for use in a model

# class: shapes of a sample, and constructor arguments
CASES = {
    "Activation": ([VECTOR, IMAGE], [{"activation": "tanh"}, {"activation": layers.LeakyReLU(0.2)}]),
    "AveragePooling1D": ([(7, 2)], [{}, {"pool_size": 3, "strides": 2, "padding": (1, 2)}]),
    "AveragePooling2D": (
        [(5, 4, 3)],
        [
            {},
            {"pool_size": 3, "strides": (1, 2), "padding": "same"},
            {"pool_size": (2, 3), "padding": ((1, 0), (0, 2))},
        ],
    ),
    "BatchNormalization": (
        [(5, 3), (3, 2, 4)],
        [
            {},
            {"center": False, "scale": False, "epsilon": 0.01},
            {"scale": False, "momentum": 0.5, "moving_mean_initializer": "ones"},
            {"center": False, "gamma_initializer": nn.initializers.Constant(2.0), "gamma_regularizer": "l2"},
        ],
    ),
    "Bidirectional": (
        [(3, 4)],
        [
            {"layer": layers.LSTM(2)},
            {"layer": layers.GRU(3, return_sequences=True), "merge_mode": "mul"},
            {"layer": layers.SimpleRNN(3, dropout=0.3, recurrent_dropout=0.4, return_sequences=True)},
            {
                "layer": layers.SimpleRNN(2, go_backwards=True),
                "merge_mode": "ave",
                "backward_layer": layers.GRU(2, reset_after=False, name="other"),
            },
            {"layer": layers.SimpleRNN(2, use_bias=False, kernel_regularizer="l2"), "merge_mode": "sum"},
        ],
    ),
    "Conv1D": (
        [(7, 4)],
        [
            {"filters": 3, "kernel_size": 2},
            {"filters": 2, "kernel_size": 3, "padding": "causal", "dilation_rate": 2, "activation": "tanh"},
            {"filters": 6, "kernel_size": 3, "strides": 2, "padding": (0, 2), "groups": 2, "use_bias": False},
        ],
    ),
    "Conv2D": (
        [(5, 4, 2)],
        [
            {"filters": 3, "kernel_size": 2},
            {"filters": 2, "kernel_size": (3, 2), "padding": "same", "flip_kernel": True, "kernel_regularizer": "l2"},
            {"filters": 4, "kernel_size": 3, "strides": (2, 1), "padding": ((1, 0), (2, 1)), "groups": 2},
            {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "activation": "softmax", "use_bias": False},
        ],
    ),
    "Conv2DTranspose": (
        [(3, 2, 4)],
        [
            {"filters": 2, "kernel_size": 2},
            {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "tanh"},
            {"filters": 4, "kernel_size": (3, 2), "strides": 2, "padding": 1, "output_padding": (1, 0), "groups": 2},
        ],
    ),
    "Cropping1D": ([(4, 2)], [{}, {"cropping": 0}, {"cropping": (0, 3)}]),
    "Cropping2D": ([(3, 4, 2)], [{}, {"cropping": 1}, {"cropping": (0, 1)}, {"cropping": ((2, 0), (1, 2))}]),
    "Dense": (
        [VECTOR],
        [{"units": 3}, {"units": 1, "use_bias": False}]
        + [{"units": 3, "activation": name, "use_bias": len(name) % 2 == 0} for name in ACTIVATIONS]
        + [
            {"units": 4, "activation": layers.ELU(0.5), "kernel_regularizer": "l1", "bias_regularizer": "l2"},
            {"units": 4, "kernel_initializer": "he_normal", "bias_initializer": nn.initializers.Constant(0.5)},
        ],
    ),
    "DepthwiseConv2D": (
        [(5, 4, 3)],
        [
            {"kernel_size": 2},
            {"kernel_size": 3, "padding": "same", "depth_multiplier": 2, "depthwise_regularizer": "l2"},
            {"kernel_size": (2, 1), "strides": 2, "use_bias": False, "activation": "tanh"},
        ],
    ),
    "Dropout": ([VECTOR, IMAGE], [{"rate": 0.0}, {"rate": 0.4}]),
    "ELU": ([VECTOR], [{}, {"alpha": 0.4}]),
    "Embedding": (
        [(5,), (2, 3)],
        [
            {"input_dim": 7, "output_dim": 3},
            {"input_dim": 2, "output_dim": 1, "embeddings_initializer": "he_normal", "embeddings_regularizer": "l2"},
        ],
    ),
    "Flatten": ([VECTOR, IMAGE], [{}]),
    "GELU": ([VECTOR], [{}, {"approximate": True}]),
    "GRU": (
        [(5, 3)],
        [
            {"units": 4},
            {"units": 3, "return_sequences": True, "reset_after": False, "recurrent_regularizer": "l2"},
            {"units": 2, "go_backwards": True, "use_bias": False, "activation": "softsign"},
        ],
    ),
    "GlobalAveragePooling1D": ([(5, 3)], [{}, {"keepdims": True}]),
    "GlobalAveragePooling2D": ([(3, 2, 4)], [{}, {"keepdims": True}]),
    "GlobalMaxPooling1D": ([(5, 3)], [{}, {"keepdims": True}]),
    "GlobalMaxPooling2D": ([(3, 2, 4)], [{}, {"keepdims": True}]),
    "GroupNormalization": (
        [(5, 4), (3, 2, 4)],
        [{"groups": 2}, {"groups": -1, "scale": False, "epsilon": 0.1}, {"groups": 1, "center": False}],
    ),
    "HardSigmoid": ([VECTOR], [{}]),
    "LSTM": (
        [(5, 3), (1, 2)],
        [
            {"units": 4},
            {"units": 3, "return_sequences": True, "go_backwards": True, "recurrent_activation": "hard_sigmoid"},
            {"units": 2, "unit_forget_bias": False, "bias_regularizer": "l2", "kernel_initializer": "he_normal"},
            {"units": 2, "dropout": 0.4, "recurrent_dropout": 0.3, "return_sequences": True},
        ],
    ),
    "LayerNormalization": (
        [VECTOR, IMAGE],
        [{}, {"center": False, "scale": False}, {"scale": False, "epsilon": 0.1}, {"beta_regularizer": "l1"}],
    ),
    "LeakyReLU": ([VECTOR, IMAGE], [{}, {"alpha": 0.0}]),
    "Linear": ([VECTOR], [{}]),
    "LogSoftmax": ([VECTOR, IMAGE], [{}]),
    "Masking": ([(5, 3)], [{}, {"mask_value": -1.0}]),
    "MaxPooling1D": ([(7, 2)], [{}, {"pool_size": 3, "strides": 2, "padding": (1, 2)}]),
    "MaxPooling2D": (
        [(5, 4, 3)],
        [
            {},
            {"pool_size": 3, "strides": (1, 2), "padding": "same"},
            {"pool_size": (2, 3), "padding": ((1, 0), (0, 2))},
        ],
    ),
    "Mish": ([VECTOR], [{}]),
    "Normalization": (
        [(3, 4)],
        [
            {"mean": 0.5, "variance": 4.0},
            {"axis": 1, "mean": [1.0, -2.0, 0.25], "variance": [0.5, 1.0, 0.0], "invert": True},
            {"axis": None, "mean": 3.0, "variance": 0.5},
            {"axis": (1, 2), "mean": [[1.0, 2.0, 3.0, 4.0]] * 3, "variance": [[4.0, 3.0, 2.0, 1.0]] * 3},
        ],
    ),
    "RandomCrop": ([(4, 5, 2)], [{"height": 2, "width": 3}, {"height": 4, "width": 5}]),
    "RandomErasing": (
        [(4, 5, 2)],
        [{}, {"factor": 0.5, "scale": (0.1, 0.9), "fill_value": 0.25}, {"factor": (0.2, 1.0), "size": (2, 3)}],
    ),
    "RandomFlip": ([IMAGE, (3, 4, 2)], [{}, {"mode": "horizontal"}, {"mode": "vertical"}]),
    "RandomTranslation": (
        [(4, 5, 2)],
        [{"height_factor": 0.3, "width_factor": (-0.2, 0.6), "fill_mode": "constant", "fill_value": 0.5}]
        + [{"height_factor": 1.0, "width_factor": 0.4, "fill_mode": mode} for mode in ("nearest", "reflect", "wrap")],
    ),
    "ReLU": ([VECTOR, IMAGE], [{}]),
    "RepeatVector": ([VECTOR], [{"n": 1}, {"n": 3}]),
    "Reshape": ([(4, 6), IMAGE], [{"target_shape": (3, -1)}, {"target_shape": [-1]}, {"target_shape": (1, 6, -1)}]),
    "Residual": (
        [VECTOR],
        [
            {"layers": [layers.Dense(4, "tanh")]},
            {"layers": [layers.Dense(4), layers.Residual([layers.Dropout(0.3)])], "activation": "tanh"},
            {"layers": [layers.Dense(3)], "shortcut": [layers.Dense(3, name="project"), layers.Tanh()]},
        ],
    ),
    "SELU": ([VECTOR], [{}]),
    "Sigmoid": ([VECTOR], [{}]),
    "Silu": ([VECTOR], [{}]),
    "SimpleRNN": (
        [(5, 3)],
        [{"units": 4}, {"units": 3, "return_sequences": True, "go_backwards": True, "recurrent_dropout": 0.4}],
    ),
    "Softmax": ([VECTOR, IMAGE], [{}]),
    "Softplus": ([VECTOR], [{}]),
    "Softsign": ([VECTOR], [{}]),
    "SpatialDropout1D": ([(3, 4)], [{"rate": 0.0}, {"rate": 0.4}]),
    "SpatialDropout2D": ([(2, 3, 4)], [{"rate": 0.0}, {"rate": 0.4}]),
    "Step": ([VECTOR], [{}]),
    "Tanh": ([VECTOR], [{}]),
    "TimeDistributed": (
        [(3, 4)],
        [
            {"layer": layers.Dense(2, "gelu")},
            {"layer": layers.BatchNormalization()},
            {"layer": layers.Dropout(0.4)},
            {"layer": layers.Residual([layers.Dense(4, "tanh"), layers.Dropout(0.3)])},
        ],
    ),
    "UpSampling1D": ([(3, 2)], [{}, {"size": 3}]),
    "UpSampling2D": (
        [(3, 2, 2)],
        [{}, {"size": (1, 3)}, {"interpolation": "bilinear"}, {"size": (3, 2), "interpolation": "bilinear"}],
    ),
    "ZeroPadding1D": ([(3, 2)], [{}, {"padding": (0, 2)}]),
    "ZeroPadding2D": ([(2, 3, 2)], [{}, {"padding": (0, 1)}, {"padding": ((2, 0), (1, 2))}]),
}


def identity(value):
    if isinstance(value, dict):
        return ",".join(f"{k}={v}" for k, v in value.items()) or "default"
    return str(value)


every_class = pytest.mark.parametrize("name", CASES)
every_case = pytest.mark.parametrize(
    ("name", "shape", "arguments"),
    [(name, *case) for name, (shapes, configs) in CASES.items() for case in product(shapes, configs)],
    ids=identity,
)


def make(name, arguments, /, **more):
    return getattr(layers, name)(**arguments, **more)


def plain(layer):
    """The configuration as it comes back from a file."""
    return json.loads(json.dumps(layer.get_config()))


def data(n, shape, dtype, first):
    random = np.random.default_rng(n + len(shape))
    x, y = random.standard_normal((n, *shape)), random.standard_normal((n, 2))
    if first.index_limit is not None:
        x = random.integers(0, first.index_limit, x.shape)
    return x.astype("float32").astype(dtype), y.astype("float32").astype(dtype)


def model_with(layer, shape, device="cpu", dtype="float64", weights=None):
    """A network with parameters below the layer, where they fit, and above it."""
    below = [layers.Dense(*shape, name="below")] if len(shape) == 1 and layer.index_limit is None else []
    last = layers.SimpleRNN(3, name="last") if layer.makes_mask else layers.Flatten(name="flat")
    m = nn.Sequential([*below, layer, last, layers.Dense(2, name="above")], seed=5)
    m.build(shape, device, dtype)
    m.compile("sgd", "mse")
    if weights is None:
        random = np.random.default_rng(1)
        weights = [(random.standard_normal(w.shape) / 2).astype("float32") for w in m.get_weights()]
        positive = [name.endswith("variance") for name in m.weight_names]
        weights = [abs(w) + np.float32(0.5) if p else w for w, p in zip(weights, positive, strict=True)]
    m.set_weights([w.astype(dtype) for w in weights])
    return m


def test_every_layer_has_a_row():
    known = {name for name, c in Layer.registry.items() if c.__module__.startswith("numbanet.")}
    assert known == set(CASES)
    public = {
        n for n in layers.__all__ if isinstance(getattr(layers, n), type) and issubclass(getattr(layers, n), Layer)
    }
    assert public - BASES == known


@every_case
def test_describe_is_pure_and_true(name, shape, arguments):
    layer = make(name, arguments, name="it")
    before = dict(vars(layer))
    description = layer.describe(shape)
    assert layer.describe(shape) == description
    with contextlib.suppress(ShapeError):  # another shape may not fit
        layer.describe((shape[0] + 2, *shape[1:]))
    assert layer.describe(shape) == description
    assert vars(layer) == before
    m = nn.Sequential([layer])
    m.build(shape)
    x = data(3, shape, "float32", layer)[0]
    assert m.predict(x).shape == (3, *description.output_shape)
    assert m.weight_names == [f"it/{p.name}" for p in description.parameters]
    assert [w.shape for w in m.get_weights()] == [p.shape for p in description.parameters]


@every_case
def test_configuration_round_trip(name, shape, arguments):
    layer = make(name, arguments, name="it")
    again = type(layer).from_config(plain(layer))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config() == plain(layer)
    assert set(arguments) <= set(layer.get_config())
    assert eval(repr(layer), NAMES).get_config() == layer.get_config()
    models = [model_with(it, shape) for it in (layer, again)]
    x, y = data(7, shape, "float64", models[0].layers[0])
    assert np.array_equal(models[0].predict(x), models[1].predict(x))
    (loss, gradients), (other_loss, others) = (m.gradients(x, y, training=True) for m in models)
    assert loss == other_loss
    assert all(np.array_equal(a, b) for a, b in zip(gradients, others, strict=True))


@every_class
def test_names(name):
    arguments = CASES[name][1][-1]
    m = nn.Sequential([make(name, arguments) for _ in range(3)])
    base = snake_case(name)
    assert [layer.name for layer in m.layers] == [base, f"{base}_1", f"{base}_2"]
    m.add(make(name, arguments, name="mine"))
    m.pop()
    m.add(make(name, arguments))
    assert m.layers[-1].name == f"{base}_3"
    assert make(name, arguments).name is None
    assert make(name, arguments, name="mine").get_config()["name"] == "mine"
    assert repr(make(name, arguments, name="mine")).startswith(f"{name}(name='mine'")
    for bad in (3, "", "a/b"):
        with pytest.raises(nn.errors.ArgumentError, match="name"):
            make(name, arguments, name=bad)


def right(m, shape, training):
    report = nn.check_gradients(m, *data(2, shape, "float64", m.layers[0]), training=training, verbose=False)
    assert report, str(report)
    assert sum(row.kinks for row in report.rows) == 0


@pytest.mark.compiled  # in plain Python a tile of 256 sums for every element and step is minutes
@every_case
def test_gradients(name, shape, arguments):
    m = model_with(make(name, arguments), shape)
    right(m, shape, True)
    if "Dropout" in name or "dropout" in str(arguments) or name in ("Residual", "TimeDistributed"):
        right(m, shape, False)


@pytest.mark.compiled
@pytest.mark.parametrize("activation", [None, *ACTIVATIONS])
def test_gradients_of_all_options_of_dense(activation):
    for use_bias, regularizer in product([True, False], [None, "l1", "l2", "l1_l2"]):
        layer = layers.Dense(3, activation, use_bias, kernel_regularizer=regularizer, bias_regularizer=regularizer)
        for training in (True, False):
            right(model_with(layer, (4,)), (4,), training)


def run(name, shape, arguments, n, device, dtype):
    """All that a model with the layer computes."""
    m = model_with(make(name, arguments), shape, device, dtype)
    x, y = data(n, shape, dtype, m.layers[0])
    results = [m.predict(x)]
    for training in (True, False):
        loss, gradients = m.gradients(x, y, training=training)
        results += [np.array(loss, dtype), *gradients, m.input_gradient(x, y, training=training)]
    return results


@pytest.mark.parametrize("n", [1, 7, pytest.param(67, marks=pytest.mark.compiled)])
@every_case
def test_cpu_agrees_with_the_reference(name, shape, arguments, n):
    expected = run(name, shape, arguments, n, "reference", "float64")
    for dtype in DTYPES:
        found = run(name, shape, arguments, n, "cpu", dtype)
        for a, b in zip(found, expected, strict=True):
            assert a.dtype == dtype
            assert_agrees(a, b)


@pytest.mark.parametrize(
    ("name", "arguments", "shape"),
    [
        ("Dropout", {"rate": 0.5}, VECTOR),
        ("Dropout", {"rate": 0.5}, IMAGE),
        ("Flatten", {}, IMAGE),
        ("RandomErasing", {}, IMAGE),
        ("RandomFlip", {}, IMAGE),
        ("RandomTranslation", {"height_factor": 0.5, "width_factor": 0.0}, IMAGE),
        ("Reshape", {"target_shape": (2, -1)}, VECTOR),
        ("SpatialDropout1D", {"rate": 0.5}, (3, 4)),
        ("SpatialDropout2D", {"rate": 0.5}, IMAGE),
        ("TimeDistributed", {"layer": layers.Dropout(0.5)}, (3, 4)),
    ],
)
def test_inference_passes_through(name, arguments, shape):
    layer = make(name, arguments)
    m = nn.Sequential([layer])
    m.build(shape)
    x = data(9, shape, "float32", layer)[0]
    assert np.array_equal(m.predict(x), x.reshape(9, *layer.describe(shape).output_shape))
    assert layer.passes_through(False)
    assert layer.passes_through(True) == (name in ("Flatten", "Reshape"))
