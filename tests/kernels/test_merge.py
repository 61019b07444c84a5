import numpy as np
import pytest

from numbanet.kernels._chunks import CHUNK
from numbanet.kernels._rows import ELEMENTS
from numbanet.kernels.merge import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

SIZES = [1, 97, pytest.param(CHUNK + 5, marks=pytest.mark.compiled)]
# R, A, B: rows, columns of either
ROWS = [
    (1, 1, 1),
    (7, 3, 5),
    (13, 1, 31),
    (2, 67, 1),
    pytest.param((ELEMENTS // 48 + 3, 37, 11), marks=pytest.mark.compiled),
    pytest.param((3, ELEMENTS, 5), marks=pytest.mark.compiled),
]
FLAT = ("multiply", "average")
PASSED = {"concatenate": (), "multiply": (0, 1), "average": ()}  # which inputs the backward kernel takes


def values(*shapes, dtype="float64"):
    random = np.random.default_rng(len(shapes) + sum(shapes[0]))
    return [random.standard_normal(shape).astype(dtype) for shape in shapes]


def forward(kernels, name, a, b):
    y = np.full((len(a), a.shape[1] + b.shape[1]) if a.ndim == 2 else a.shape, np.nan, a.dtype)
    getattr(kernels, name)(a, b, y)
    return y


def backward(kernels, name, dy, a, b):
    da, db = poisoned(a), poisoned(b)
    getattr(kernels, name + "_backward")(dy, *((a, b)[k] for k in PASSED[name]), da, db)
    return da, db


def agree(name, a, b, dy):
    double = [array.astype("float64") for array in (a, b, dy)]
    assert_agrees(forward(cpu, name, a, b), forward(reference, name, *double[:2]))
    found, expected = backward(cpu, name, dy, a, b), backward(reference, name, double[2], *double[:2])
    for one, other in zip(found, expected, strict=True):
        assert_agrees(one, other)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", FLAT)
def test_cpu_agrees_with_the_reference(name, size, dtype):
    agree(name, *values((size,), (size,), (size,), dtype=dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", ROWS)
def test_side_by_side(shape, dtype):
    R, A, B = shape
    a, b, dy = values((R, A), (R, B), (R, A + B), dtype=dtype)
    agree("concatenate", a, b, dy)
    assert np.array_equal(forward(cpu, "concatenate", a, b), np.concatenate([a, b], axis=1))
    da, db = backward(cpu, "concatenate", dy, a, b)
    assert np.array_equal(da, dy[:, :A])
    assert np.array_equal(db, dy[:, A:])


@pytest.mark.parametrize("name", PASSED)
def test_reference_is_the_gradient(name):
    shapes = [(7,)] * 3 if name in FLAT else [(3, 2), (3, 5), (3, 7)]
    a, b, dy = values(*shapes)
    found = backward(reference, name, dy, a, b)
    for gradient, array in zip(found, (a, b), strict=True):
        assert_gradient(gradient, lambda: float((forward(reference, name, a, b) * dy).sum()), array)


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_by_hand(kernels):
    a, b = np.array([1.0, -2.0, np.nan]), np.array([3.0, 5.0, 1.0])
    assert np.array_equal(forward(kernels, "multiply", a, b), [3, -10, np.nan], equal_nan=True)
    assert np.array_equal(forward(kernels, "average", a, b), [2, 1.5, np.nan], equal_nan=True)
