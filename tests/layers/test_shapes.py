"""Reshape, padding, cropping and upsampling: shapes, values, and what they refuse."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, ShapeError

IMAGES = np.random.default_rng(0).standard_normal((3, 4, 5, 2)).astype("float32")
SEQUENCES = IMAGES[:, 0]


def output(layer, x):
    m = nn.Sequential([layer])
    m.build(x.shape[1:])
    return m.predict(x)


def refused(layer, shape, *words):
    with pytest.raises(ShapeError) as caught:
        nn.Sequential([layer]).build(shape)
    for word in words:
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("target", "expected"),
    [((10, 4), (10, 4)), ((-1,), (40,)), ([2, -1, 5], (2, 4, 5)), ((40, 1, 1, 1), None)],
    ids=str,
)
def test_reshape(target, expected):
    layer = layers.Reshape(target)
    shape = expected or target
    assert layer.describe((4, 5, 2)).output_shape == shape
    assert np.array_equal(output(layer, IMAGES), IMAGES.reshape(3, *shape))


def test_reshape_moves_nothing():
    m = nn.Sequential([layers.Reshape((-1,)), layers.Reshape((2, 20)), layers.Reshape((4, 5, 2))])
    m.build((4, 5, 2))
    assert np.array_equal(m.predict(IMAGES), IMAGES)
    m.compile("sgd", "mse")
    gradient = m.input_gradient(IMAGES, np.zeros_like(IMAGES))
    assert np.allclose(gradient, 2 * IMAGES / IMAGES.size, rtol=1e-6)


@pytest.mark.parametrize("target", [(), 4, "4", None, (0,), (-2, 2), (-1, -1), (2.0,), (True,), ((2, 3),)])
def test_reshape_refuses(target):
    with pytest.raises(ArgumentError, match=r"^Reshape: target_shape must be a tuple of positive sizes.*Received: "):
        layers.Reshape(target)


def test_reshape_must_fit():
    words = "Reshape (layer 0, 'reshape'): expected samples of 41 numbers", "received (N, 4, 5, 2), which are 40"
    refused(layers.Reshape((41,)), (4, 5, 2), *words)
    refused(layers.Reshape((7, -1)), (4, 5, 2), "a multiple of 7 numbers")
    refused(layers.Reshape((41, -1)), (4, 5, 2), "a multiple of 41 numbers")


FRAMES = [
    (0, ((0, 0), (0, 0))),
    (2, ((2, 2), (2, 2))),
    ((1, 0), ((1, 1), (0, 0))),
    (((0, 1), (2, 1)), ((0, 1), (2, 1))),
    ([[1, 0], [0, 3]], ((1, 0), (0, 3))),
]


@pytest.mark.parametrize(("value", "frame"), FRAMES, ids=str)
def test_padding_and_cropping_of_images(value, frame):
    padded = np.pad(IMAGES, ((0, 0), *frame, (0, 0)))
    assert layers.ZeroPadding2D(value).describe((4, 5, 2)).output_shape == padded.shape[1:]
    assert np.array_equal(output(layers.ZeroPadding2D(value), IMAGES), padded)
    assert np.array_equal(output(layers.Cropping2D(value), padded), IMAGES)


@pytest.mark.parametrize(("value", "frame"), [(0, (0, 0)), (2, (2, 2)), ((0, 3), (0, 3)), ([1, 0], (1, 0))], ids=str)
def test_padding_and_cropping_of_sequences(value, frame):
    padded = np.pad(SEQUENCES, ((0, 0), frame, (0, 0)))
    assert np.array_equal(output(layers.ZeroPadding1D(value), SEQUENCES), padded)
    assert np.array_equal(output(layers.Cropping1D(value), padded), SEQUENCES)


@pytest.mark.parametrize("value", [-1, 1.5, "same", None, True, (1,), (1, -1), (1, 2, 3)])
def test_frames_refused(value):
    for layer, argument in (
        (layers.ZeroPadding1D, "padding"),
        (layers.ZeroPadding2D, "padding"),
        (layers.Cropping1D, "cropping"),
        (layers.Cropping2D, "cropping"),
    ):
        with pytest.raises(ArgumentError, match=rf"^{layer.__name__}: {argument} must be a number of 0 or more, "):
            layer(value)


def test_cropping_leaves_something():
    refused(layers.Cropping2D(2), (4, 5, 1), "Cropping2D (layer 0", "cropping=((2, 2), (2, 2))", "(N, 4, 5, 1)")
    refused(layers.Cropping2D(((0, 0), (3, 2))), (4, 5, 1), "Crop less")
    refused(layers.Cropping1D((1, 3)), (4, 1), "cropping=(1, 3)")


@pytest.mark.parametrize("size", [1, 2, (3, 1), [1, 4]], ids=str)
def test_up_sampling(size):
    layer = layers.UpSampling2D(size)
    expected = np.repeat(np.repeat(IMAGES, layer.size[0], axis=1), layer.size[1], axis=2)
    assert np.array_equal(output(layer, IMAGES), expected)
    smooth = layers.UpSampling2D(size, "bilinear")
    assert smooth.describe((4, 5, 2)).output_shape == expected.shape[1:]
    assert np.allclose(output(smooth, np.ones_like(IMAGES)), 1)
    one = layers.UpSampling1D(layer.size[1])
    assert np.array_equal(output(one, SEQUENCES), np.repeat(SEQUENCES, layer.size[1], axis=1))


def test_up_sampling_refuses():
    for value in (0, -1, 1.5, None, "2", (1, 2, 3)):
        for layer in (layers.UpSampling1D, layers.UpSampling2D):
            with pytest.raises(ArgumentError, match=rf"^{layer.__name__}: size must be a positive integer"):
                layer(value)
    with pytest.raises(ArgumentError, match=r"interpolation must be one of bilinear, nearest.*mean 'bilinear'"):
        layers.UpSampling2D(2, "bilinea")


def test_repeat_vector():
    x = IMAGES[:, 0, 0]
    assert np.array_equal(output(layers.RepeatVector(5), x), np.repeat(x[:, None], 5, axis=1))
    m = nn.Sequential([layers.RepeatVector(3)])
    m.build((2,), dtype="float64")
    m.compile("sgd", "mse")
    y = np.random.default_rng(1).standard_normal((3, 3, 2))
    assert nn.check_gradients(m, x, y, verbose=False)
    assert np.allclose(m.input_gradient(x, y), (2 * (x[:, None] - y) / y[0].size / 3).sum(axis=1), rtol=1e-12)
    refused(
        layers.RepeatVector(3), (4, 5), "expected input of shape (N, features), received (N, 4, 5)", "TimeDistributed"
    )


@pytest.mark.parametrize(
    "layer",
    [layers.ZeroPadding2D(), layers.Cropping2D(), layers.UpSampling2D(), layers.SpatialDropout2D(0.1)],
    ids=lambda layer: type(layer).__name__,
)
def test_images_are_asked_for(layer):
    for shape in ((4,), (4, 5), (4, 5, 1, 1)):
        refused(layer, shape, "expected images of shape (N, height, width, channels), received (N, 4", "Put Reshape(")


@pytest.mark.parametrize(
    "layer",
    [layers.ZeroPadding1D(), layers.Cropping1D(), layers.UpSampling1D(), layers.SpatialDropout1D(0.1)],
    ids=lambda layer: type(layer).__name__,
)
def test_sequences_are_asked_for(layer):
    for shape in ((4,), (4, 5, 1)):
        refused(layer, shape, "expected sequences of shape (N, steps, channels), received (N, 4", "Put Reshape(")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("layer", "x"), [(layers.SpatialDropout2D, IMAGES), (layers.SpatialDropout1D, SEQUENCES)])
def test_spatial_dropout_drops_whole_maps(layer, x, dtype):
    x = np.ones_like(np.tile(x, 16), dtype)
    m = nn.Sequential([layer(0.5)], seed=3)
    m.build(x.shape[1:], dtype=dtype)
    m.compile("sgd", "mse")
    mask = m.input_gradient(x, np.zeros_like(x), training=True)
    maps = mask.reshape(len(x), -1, x.shape[-1])
    assert (maps == maps[:, :1]).all()
    assert 0 < np.count_nonzero(maps[:, 0]) < maps[:, 0].size
    assert len(np.unique(maps)) == 2
