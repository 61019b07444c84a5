import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, ShapeError

WINDOWS = [layers.MaxPooling1D, layers.MaxPooling2D, layers.AveragePooling1D, layers.AveragePooling2D]
GLOBAL = [
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
]


def predict(layer, x, device="cpu"):
    m = nn.Sequential([layer])
    m.build(x.shape[1:], device, x.dtype)
    return m.predict(x)


def gradient(layer, x):
    """Of the sum of outputs: of half their number times the mean squared error, where all errors are 1."""
    m = nn.Sequential([layer])
    m.build(x.shape[1:], "cpu", x.dtype)
    m.compile("sgd", "mse")
    y = m.predict(x)
    return m.input_gradient(x, y - 1) * (y.size / 2)


@pytest.mark.parametrize(
    ("arguments", "image", "expected"),
    [
        ({}, (5, 4), (2, 2)),
        ({"strides": 1}, (5, 4), (4, 3)),
        ({"pool_size": 3, "padding": "same"}, (5, 4), (2, 2)),
        ({"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}, (5, 7), (5, 4)),
        ({"pool_size": (2, 3), "strides": 3}, (8, 8), (3, 2)),
        ({"pool_size": 5, "padding": "same", "strides": 1}, (2, 1), (2, 1)),
        ({"pool_size": 3, "padding": 1}, (5, 4), (2, 2)),
        ({"pool_size": 3, "padding": (1, 2), "strides": 2}, (5, 4), (3, 3)),
        ({"pool_size": 3, "padding": ((0, 2), (1, 0)), "strides": 2}, (5, 4), (3, 2)),
    ],
)
@pytest.mark.parametrize("cls", [layers.MaxPooling2D, layers.AveragePooling2D])
def test_output_shapes(cls, arguments, image, expected):
    assert cls(**arguments).describe((*image, 3)).output_shape == (*expected, 3)


def test_same_puts_the_smaller_half_first():
    x = np.arange(4.0).reshape(1, 4, 1)
    assert predict(layers.MaxPooling1D(2, 1, "same"), x).ravel().tolist() == [1, 2, 3, 3]
    assert predict(layers.MaxPooling1D(4, 1, "same"), x).ravel().tolist() == [2, 3, 3, 3]
    assert predict(layers.AveragePooling1D(2, 1, "same"), x).ravel().tolist() == [0.5, 1.5, 2.5, 3]
    assert predict(layers.AveragePooling1D(2, padding=(1, 1)), x).ravel().tolist() == [0, 1.5, 3]
    assert predict(layers.MaxPooling1D(2, padding=1), -x).ravel().tolist() == [0, -1, -3]


@pytest.mark.parametrize("padding", ["valid", "same", 1, (2, 1)])
@pytest.mark.parametrize("name", ["MaxPooling", "AveragePooling"])
def test_sequences_are_images_of_one_row(name, padding):
    x = np.random.default_rng(1).standard_normal((3, 11, 4))
    one = getattr(layers, name + "1D")(3, 2, padding)
    wide = padding if isinstance(padding, str) else ((0, 0), (padding, padding) if padding == 1 else padding)
    two = getattr(layers, name + "2D")((1, 3), (1, 2), wide)
    assert np.array_equal(predict(one, x), predict(two, x[:, None])[:, 0])
    assert np.array_equal(gradient(one, x), gradient(two, x[:, None])[:, 0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("size", "floats"), [(16, 4 * 3 / 4), (300, 4 * 3)])
def test_windows_of_all_sizes_keep_their_maxima(size, floats, dtype):
    random = np.random.default_rng(2)
    x = random.permutation(2 * 4 * size * 3).reshape(2, 4 * size, 3).astype(dtype)
    layer = layers.MaxPooling1D(size)
    assert layer.describe(x.shape[1:]).saved == {"argmax": (floats,)}
    windows = x.reshape(2, 4, size, 3)
    assert np.array_equal(predict(layer, x), windows.max(2))
    expected = (windows == windows.max(2, keepdims=True)).reshape(x.shape)
    assert np.allclose(gradient(layer, x), expected, rtol=1e-6)


def test_padding_is_never_the_largest():
    x = np.full((1, 3, 3, 1), -5.0)
    assert np.all(predict(layers.MaxPooling2D(2, 1, "same"), x) == -5)
    assert np.all(predict(layers.MaxPooling2D(3, 2, 2), x) == -5)


@pytest.mark.parametrize("cls", WINDOWS)
def test_values_that_windows_cannot_use(cls):
    name = cls.__name__
    for argument, value in [("pool_size", 0), ("pool_size", 2.0), ("strides", -1), ("strides", True), ("padding", -1)]:
        with pytest.raises(ArgumentError, match=f"{name}: {argument} must be .*{argument}={value}"):
            cls(**{argument: value})
    with pytest.raises(ArgumentError, match=r"smaller than pool_size=.*, or a window would be empty.*padding=2"):
        cls(2, padding=2)
    with pytest.raises(ArgumentError, match="'valid', 'same'"):
        cls(padding="causal")
    cls(3, padding=2)


def test_pairs_are_for_images():
    with pytest.raises(ArgumentError, match="MaxPooling1D: pool_size must be a positive integer"):
        layers.MaxPooling1D((2, 2))
    with pytest.raises(ArgumentError, match="MaxPooling2D: pool_size must be a positive integer or a pair"):
        layers.MaxPooling2D((2, 2, 2))
    with pytest.raises(ArgumentError, match="smaller than pool_size"):
        layers.MaxPooling2D((3, 2), padding=((2, 2), (0, 2)))


@pytest.mark.parametrize("cls", [*WINDOWS, *GLOBAL])
def test_shapes_that_do_not_fit(cls):
    kind = "images" if cls.axes == 2 else "sequences"
    for shape in [(4,), (4, 4, 4, 4)]:
        with pytest.raises(ShapeError, match=rf"{cls.__name__} \(layer 0, .*expected {kind} of shape"):
            nn.Sequential([cls()]).build(shape)
    if cls in WINDOWS:
        with pytest.raises(ShapeError, match="expected 3 cells or more where a window spans 3, received 2"):
            nn.Sequential([cls(3)]).build((2, 2, 5)[: cls.axes + 1])


@pytest.mark.parametrize("cls", GLOBAL)
def test_global_pooling(cls):
    x = np.random.default_rng(3).standard_normal((5, 6, 4, 3))[:, :, : 4 if cls.axes == 2 else 1]
    x = x if cls.axes == 2 else x[:, :, 0]
    axes = tuple(range(1, cls.axes + 1))
    expected = x.max(axes) if "Max" in cls.__name__ else x.mean(axes)
    assert np.allclose(predict(cls(), x), expected, rtol=1e-14)
    kept = predict(cls(keepdims=True), x)
    assert kept.shape == (5, *(1,) * cls.axes, 3)
    assert np.array_equal(kept.reshape(5, 3), predict(cls(), x))
    assert np.allclose(gradient(cls(), x).sum(axes), 1.0)
    with pytest.raises(ArgumentError, match="keepdims must be True or False"):
        cls(keepdims=1)
