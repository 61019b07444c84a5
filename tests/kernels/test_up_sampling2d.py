from itertools import product

import numpy as np
import pytest

from numbanet.kernels.up_sampling2d import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

SIZES = [(1, 1), (2, 2), (3, 1), (1, 4), (3, 5)]
SHAPES = [(1, 1, 1, 1), (2, 3, 1, 2), (1, 2, 5, 3)]
CASES = [
    *product(SHAPES, SIZES),
    pytest.param((3, 11, 13, 17), (2, 3), marks=pytest.mark.compiled),
]
KINDS = ["nearest", "bilinear"]


def values(shape, dtype="float64"):
    return np.random.default_rng(shape[2]).standard_normal(shape).astype(dtype)


def forward(kernels, kind, x, size):
    N, H, W, C = x.shape
    y = np.full((N, H * size[0], W * size[1], C), np.nan, x.dtype)
    getattr(kernels, kind)(x, size, y)
    return y


def backward(kernels, kind, dy, size, x):
    dx = poisoned(x)
    getattr(kernels, kind + "_backward")(dy, size, dx)
    return dx


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("shape", "size"), CASES[:-1])
def test_reference_is_the_gradient(shape, size, kind):
    x = values(shape)
    dy = values(forward(reference, kind, x, size).shape)

    def loss():
        return float((forward(reference, kind, x, size) * dy).sum())

    assert_gradient(backward(reference, kind, dy, size, x), loss, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("shape", "size"), CASES)
def test_cpu_agrees_with_the_reference(shape, size, kind, dtype):
    x = values(shape, dtype)
    y = forward(cpu, kind, x, size)
    assert_agrees(y, forward(reference, kind, x.astype("float64"), size))
    dy = values(y.shape, dtype)
    assert_agrees(
        backward(cpu, kind, dy, size, x),
        backward(reference, kind, dy.astype("float64"), size, x.astype("float64")),
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("shape", "size"), CASES)
def test_against_torch(shape, size, kind):
    torch = pytest.importorskip("torch")
    x = values(shape)
    at = torch.tensor(x.transpose(0, 3, 1, 2).copy(), requires_grad=True)
    expected = torch.nn.functional.interpolate(
        at, scale_factor=size, mode=kind, **({} if kind == "nearest" else {"align_corners": False})
    )
    y = forward(cpu, kind, x, size)
    assert np.allclose(y, expected.detach().numpy().transpose(0, 2, 3, 1), rtol=0, atol=1e-10)
    dy = values(y.shape)
    expected.backward(torch.tensor(dy.transpose(0, 3, 1, 2).copy()))
    assert np.allclose(backward(cpu, kind, dy, size, x), at.grad.numpy().transpose(0, 2, 3, 1), rtol=0, atol=1e-10)


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_by_hand(kernels):
    x = np.array([1.0, 3.0]).reshape(1, 1, 2, 1)
    assert forward(kernels, "nearest", x, (1, 2)).ravel().tolist() == [1, 1, 3, 3]
    assert forward(kernels, "bilinear", x, (1, 2)).ravel().tolist() == [1, 1.5, 2.5, 3]
    assert forward(kernels, "bilinear", x, (2, 1)).ravel().tolist() == [1, 3, 1, 3]


@pytest.mark.parametrize("kernels", [cpu, reference])
@pytest.mark.parametrize("kind", KINDS)
def test_nan_passes_to_its_neighbours_alone(kind, kernels):
    x = np.ones((1, 5, 5, 1))
    x[0, 2, 2] = np.nan
    seen = np.isnan(forward(kernels, kind, x, (2, 2))[0, ..., 0])
    reach = slice(4, 6) if kind == "nearest" else slice(3, 7)
    assert seen[reach, reach].all()
    assert seen.sum() == seen[reach, reach].size
    dy = np.ones((1, 10, 10, 1))
    dy[0, 4, 4] = np.nan
    seen = np.isnan(backward(kernels, kind, dy, (2, 2), x)[0, ..., 0])
    reach = slice(2, 3) if kind == "nearest" else slice(1, 3)
    assert seen[reach, reach].all()
    assert seen.sum() == seen[reach, reach].size


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kernels", [cpu, reference])
def test_backward_keeps_the_sum(kernels, kind):
    dy = values((2, 6, 12, 3))
    dx = backward(kernels, kind, dy, (2, 3), np.empty((2, 3, 4, 3)))
    assert np.allclose(dx.sum((1, 2)), dy.sum((1, 2)))  # every pixel's weights are 1 in all
