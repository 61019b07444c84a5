import numpy as np
import pytest

from numbanet.kernels.dropout import cpu, reference
from numbanet.kernels.random import cpu as random
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

BEYOND = cpu.CHUNK + 5
SIZES = [1, 4, 7, 97, pytest.param(BEYOND, marks=pytest.mark.compiled)]
RATES = [0.0, 0.25, 0.3, 0.999]


def values(n, dtype="float64"):
    return np.random.default_rng(n).standard_normal(n).astype(dtype)


def forward(kernels, x, rate, seed=3, stream=2, step=1):
    mask, y = poisoned(x), poisoned(x)
    kernels.forward(x, rate, seed, stream, np.array([step]), mask, y)
    return mask, y


def expected_mask(n, rate, seed=3, stream=2, step=1):
    words = np.empty(n, "uint32")
    random.words(seed, stream, step, words)
    return np.where(words * 2.0**-32 >= rate, 1 / (1 - rate), 0.0)


def backward(kernels, dy, mask):
    dx = poisoned(dy)
    kernels.backward(dy, mask, dx)
    return dx


@pytest.mark.parametrize("rate", RATES)
def test_reference_is_the_gradient(rate):
    x, dy = values(23), values(23)[::-1].copy()
    mask, _ = forward(reference, x, rate)

    def loss():
        return float((forward(reference, x, rate)[1] * dy).sum())

    assert_gradient(backward(reference, dy, mask), loss, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("size", SIZES)
def test_cpu_agrees_with_the_reference(size, rate, dtype):
    x = values(size, dtype)
    mask, y = forward(cpu, x, rate)
    assert np.array_equal(mask, expected_mask(size, rate).astype(dtype))
    assert np.array_equal(mask, forward(reference, x, rate)[0])  # bit for bit, in either type
    expected, expected_y = forward(reference, x.astype("float64"), rate)
    assert_agrees(mask, expected)
    assert_agrees(y, expected_y)
    assert_agrees(backward(cpu, x, mask), backward(reference, x.astype("float64"), expected))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_the_threshold_is_exact(kernels):
    words = np.empty(40, "uint32")
    random.words(3, 2, 1, words)
    for i in (0, 17, 39):
        at = int(words[i]) * 2.0**-32
        x = np.ones(40)
        assert forward(kernels, x, at)[0][i] == 1 / (1 - at)  # u = rate is kept
        assert forward(kernels, x, np.nextafter(at, 1))[0][i] == 0


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_each_iteration_stream_and_seed_has_its_mask(kernels):
    x = np.ones(200)
    masks = [
        forward(kernels, x, 0.5, *address)[0].tobytes()
        for address in [(3, 2, 1), (3, 2, 2), (3, 2, 1 + 2**32), (3, 1, 1), (4, 2, 1), (-4, 2, 1)]
    ]
    assert len(set(masks)) == len(masks)
    assert forward(kernels, x, 0.5, 3, 2, 1)[0].tobytes() == masks[0]


@pytest.mark.compiled
def test_the_rate_and_the_mean():
    n = 200_000
    mask, y = forward(cpu, np.ones(n, "float32"), 0.3)
    assert abs(np.mean(mask == 0) - 0.3) < 5 * np.sqrt(0.3 * 0.7 / n)
    assert abs(np.mean(y, dtype="float64") - 1) < 5 * np.sqrt(0.3 / 0.7 / n)


@pytest.mark.parametrize("kernels", [cpu, reference])
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_passes_kept_or_dropped(kernels, dtype):
    x = np.full(97, np.nan, dtype)
    mask, y = forward(kernels, x, 0.5)
    assert 0 < np.count_nonzero(mask) < 97
    assert np.isnan(y).all()
    assert np.isnan(backward(kernels, x, mask)).all()
