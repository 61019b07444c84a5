import numpy as np
import pytest

from numbanet.kernels.zero_padding2d import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

# (N, H, W, C), ((top, bottom), (left, right)); the last is larger than a task
CASES = [
    ((1, 1, 1, 1), ((0, 0), (0, 0))),
    ((1, 1, 1, 1), ((1, 2), (0, 3))),
    ((2, 3, 5, 1), ((0, 1), (2, 0))),
    ((3, 5, 2, 7), ((2, 0), (1, 1))),
    ((2, 1, 11, 3), ((0, 0), (4, 1))),
    pytest.param((7, 13, 17, 19), ((1, 2), (3, 4)), marks=pytest.mark.compiled),
]


def values(shape, dtype="float64"):
    return np.random.default_rng(shape[1]).standard_normal(shape).astype(dtype)


def forward(kernels, x, frame):
    y = poisoned(np.pad(x, ((0, 0), *frame, (0, 0))))
    kernels.forward(x, (frame[0][0], frame[1][0]), y)
    return y


def backward(kernels, dy, frame, shape):
    dx = np.full(shape, np.nan, dy.dtype)
    kernels.backward(dy, (frame[0][0], frame[1][0]), dx)
    return dx


@pytest.mark.parametrize(("shape", "frame"), CASES[:-1])
def test_reference_is_the_gradient(shape, frame):
    x = values(shape)
    dy = values(forward(reference, x, frame).shape)

    def loss():
        return float((forward(reference, x, frame) * dy).sum())

    assert_gradient(backward(reference, dy, frame, shape), loss, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "frame"), CASES)
def test_cpu_agrees_with_the_reference_and_numpy(shape, frame, dtype):
    x = values(shape, dtype)
    y = forward(cpu, x, frame)
    assert np.array_equal(y, np.pad(x, ((0, 0), *frame, (0, 0))))
    assert_agrees(y, forward(reference, x.astype("float64"), frame))
    dy = values(y.shape, dtype)
    dx = backward(cpu, dy, frame, shape)
    assert_agrees(dx, backward(reference, dy.astype("float64"), frame, shape))
    assert np.array_equal(backward(cpu, y, frame, shape), x)  # the frame cut off again


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_nan_inside_passes_and_outside_does_not(kernels):
    x, frame = np.full((1, 2, 2, 1), np.nan), ((1, 1), (1, 1))
    y = forward(kernels, x, frame)
    assert np.isnan(y[0, 1:3, 1:3]).all()
    assert np.count_nonzero(y == 0) == 12
    dy = np.full((1, 4, 4, 1), np.nan)
    dy[0, 1:3, 1:3] = 1
    assert (backward(kernels, dy, frame, x.shape) == 1).all()
