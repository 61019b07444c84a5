import numpy as np
import pytest

from numbanet.kernels._chunks import CHUNK
from numbanet.kernels.accumulation import cpu, reference
from tests.oracles import DTYPES, assert_agrees

DEVICES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
SIZES = [1, 131, pytest.param(2 * CHUNK + 131, marks=pytest.mark.compiled)]


def gradients(size, steps, dtype="float64"):
    return np.random.default_rng(size).standard_normal((steps, size)).astype(dtype)


def mean_of(kernels, batches):
    """The mean by the kernels, and what is left in the sum."""
    *first, last = batches
    total, g = np.zeros_like(last), last.copy()
    for batch in first:
        kernels.add(len(batches), batch, total)
    kernels.mean(len(batches), total, g)
    return g, total


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("steps", [2, 5])
def test_cpu_agrees_with_the_reference(size, steps, dtype):
    batches = gradients(size, steps, dtype)
    found, left = mean_of(cpu, batches)
    assert_agrees(found, mean_of(reference, batches.astype("float64"))[0])
    assert not left.any()


@DEVICES
def test_it_is_the_mean_and_the_next_sum_begins_anew(kernels):
    batches = gradients(7, 6)
    total = np.zeros(7)
    for three in (batches[:3], batches[3:]):
        g = three[2].copy()
        kernels.add(3, three[0], total)
        kernels.add(3, three[1], total)
        kernels.mean(3, total, g)
        assert_agrees(g, three.mean(axis=0), 1e-12)


@DEVICES
def test_nan_and_the_padding_of_arenas(kernels):
    g, total = np.array([np.nan, 0.0, 1.0]), np.zeros(3)
    kernels.add(2, g, total)
    kernels.mean(2, total, g)
    assert np.isnan(g).tolist() == [True, False, False]
    assert g[1] == 0
    assert not total.any(), "a NaN does not stay for the next update"


@DEVICES
def test_the_mean_of_the_largest_numbers_is_finite(kernels):
    largest = np.finfo("float32").max
    g, _ = mean_of(kernels, np.full((4, 3), largest * np.float32(0.999), "float32"))
    assert np.isfinite(g).all()
    assert (g > 0.99 * largest).all()
