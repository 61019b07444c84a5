import numpy as np
import pytest

from numbanet.kernels.random import cpu as random
from numbanet.kernels.spatial_dropout import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

SHAPES = [(1, 1, 1), (2, 3, 5), (5, 2, 3), (3, 7, 16), pytest.param((4, 97, 61), marks=pytest.mark.compiled)]
RATES = [0.0, 0.3, 0.999]


def values(shape, dtype="float64"):
    return np.random.default_rng(shape[1]).standard_normal(shape).astype(dtype)


def forward(kernels, x, rate, seed=3, stream=2, step=1):
    mask, y = poisoned(x[:, 0]), poisoned(x)
    kernels.forward(x, rate, seed, stream, np.array([step]), mask, y)
    return mask, y


def backward(kernels, dy, mask):
    dx = poisoned(dy)
    kernels.backward(dy, mask, dx)
    return dx


@pytest.mark.parametrize("rate", RATES)
def test_reference_is_the_gradient(rate):
    x = values((2, 3, 5))
    dy = x[::-1].copy()
    mask, _ = forward(reference, x, rate)

    def loss():
        return float((forward(reference, x, rate)[1] * dy).sum())

    assert_gradient(backward(reference, dy, mask), loss, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("shape", SHAPES)
def test_cpu_agrees_with_the_reference(shape, rate, dtype):
    x = values(shape, dtype)
    mask, y = forward(cpu, x, rate)
    assert np.array_equal(mask, forward(reference, x, rate)[0])  # bit for bit, in either type
    expected, expected_y = forward(reference, x.astype("float64"), rate)
    assert_agrees(mask, expected)
    assert_agrees(y, expected_y)
    assert_agrees(backward(cpu, x, mask), backward(reference, x.astype("float64"), expected))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_maps_go_as_a_whole_by_the_words_of_their_stream(kernels):
    x = np.ones((6, 4, 7))
    mask, y = forward(kernels, x, 0.4)
    words = np.empty(42, "uint32")
    random.words(3, 2, 1, words)
    expected = np.where(words * 2.0**-32 >= 0.4, 1 / (1 - 0.4), 0.0).reshape(6, 7)
    assert np.array_equal(mask, expected)
    assert np.array_equal(y, np.repeat(expected[:, None], 4, axis=1))
    assert 0 < np.count_nonzero(mask) < 42


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_the_threshold_is_exact(kernels):
    words = np.empty(10, "uint32")
    random.words(3, 2, 1, words)
    for i in (0, 4, 9):
        at = int(words[i]) * 2.0**-32
        x = np.ones((2, 2, 5))
        assert forward(kernels, x, at)[0].ravel()[i] == 1 / (1 - at)  # u = rate is kept
        assert forward(kernels, x, np.nextafter(at, 1))[0].ravel()[i] == 0


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_each_iteration_stream_and_seed_has_its_mask(kernels):
    x = np.ones((20, 1, 10))
    masks = [
        forward(kernels, x, 0.5, *address)[0].tobytes()
        for address in [(3, 2, 1), (3, 2, 2), (3, 2, 1 + 2**32), (3, 1, 1), (4, 2, 1), (-4, 2, 1)]
    ]
    assert len(set(masks)) == len(masks)


@pytest.mark.parametrize("kernels", [cpu, reference])
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_passes_kept_or_dropped(kernels, dtype):
    mask, y = forward(kernels, np.full((5, 3, 7), np.nan, dtype), 0.5)
    assert 0 < np.count_nonzero(mask) < 35
    assert np.isnan(y).all()
    assert np.isnan(backward(kernels, y, mask)).all()
