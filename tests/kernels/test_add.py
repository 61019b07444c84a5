import numpy as np
import pytest

from numbanet.kernels._chunks import CHUNK
from numbanet.kernels.add import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned


def values(n, dtype="float64", seed=0):
    return np.random.default_rng(seed).standard_normal(n).astype(dtype)


def forward(kernels, a, b):
    y = poisoned(a)
    kernels.forward(a, b, y)
    return y


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 97, pytest.param(CHUNK + 5, marks=pytest.mark.compiled)])
def test_cpu_agrees_with_the_reference(size, dtype):
    a, b = values(size, dtype), values(size, dtype, 1)
    assert np.array_equal(forward(cpu, a, b), a + b)
    assert_agrees(forward(cpu, a, b), forward(reference, a.astype("float64"), b.astype("float64")))


def test_the_gradient_of_either_is_that_of_the_sum():
    a, b, dy = values(7), values(7, seed=1), values(7, seed=2)
    for one in (a, b):
        assert_gradient(dy, lambda: float((forward(reference, a, b) * dy).sum()), one)


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_one_array_added_to_itself_and_nan(kernels):
    a = values(5)
    assert np.array_equal(forward(kernels, a, a), 2 * a)
    a[2] = np.nan
    assert np.isnan(forward(kernels, a, np.ones(5))).tolist() == [False, False, True, False, False]
