import numpy as np
import pytest

from numbanet.kernels.random import cpu as random
from numbanet.kernels.random_index import cpu, reference
from tests.oracles import DTYPES

MODES = ("constant", "nearest", "reflect", "wrap")
SIZES = [(1, 1), (7, 3), (2, 11), pytest.param((2003, 29), marks=pytest.mark.compiled)]
ADDRESS = 3, 2, 1  # seed, stream, step


def drawn(kernels, mode, shape, *bounds, axis=0, dtype="float64", address=ADDRESS):
    """A map; bounds: extent, low and high of a shift."""
    index = np.full(shape, np.nan, dtype)
    seed, stream, step = address
    getattr(kernels, mode)(seed, stream, np.array([step]), axis, *bounds, index)
    return index


def words(n, axis):
    """The word of each sample."""
    found = np.empty(4 * n, "uint32")
    random.words(*ADDRESS, found)
    return found[axis::4].astype("int64")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SIZES)
def test_cpu_draws_the_maps_of_the_reference(shape, dtype):
    L = shape[1]
    for axis in range(4):
        found = drawn(cpu, "reversal", shape, axis=axis, dtype=dtype)
        assert np.array_equal(found, drawn(reference, "reversal", shape, axis=axis))
    for mode in MODES:
        for bounds in ((L, 0, 0), (L, -L, L), (L, 0, L - 1)):
            found = drawn(cpu, mode, shape, *bounds, axis=1, dtype=dtype)
            assert np.array_equal(found, drawn(reference, mode, shape, *bounds, axis=1)), (mode, bounds)


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_maps_are_those_of_numpy_by_the_words_of_their_stream(kernels):
    N, L, low, high = 80, 5, -5, 5
    turned = drawn(kernels, "reversal", (N, L), axis=2)
    shifts = low + (words(N, 1) * (high - low + 1) >> 32)
    maps = {mode: drawn(kernels, mode, (N, L), L, low, high, axis=1) for mode in MODES}
    there = {"nearest": "edge", "reflect": "symmetric", "wrap": "wrap"}
    for n, (word, shift) in enumerate(zip(words(N, 2), shifts, strict=True)):
        assert np.array_equal(turned[n], np.arange(L)[:: -1 if word >= 2**31 else 1])
        for mode in MODES:
            along = np.arange(L)
            framed = np.pad(along, L, there[mode]) if mode in there else np.pad(along, L, constant_values=-1)
            assert np.array_equal(maps[mode][n], framed[L - shift : 2 * L - shift]), (mode, shift)
    assert set(shifts) == set(range(low, high + 1))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_a_crop_begins_anywhere_inside(kernels):
    first = drawn(kernels, "constant", (60, 3), 7, 3 - 7, 0)
    assert np.array_equal(first - first[:, :1], np.tile(np.arange(3), (60, 1)))
    assert set(first[:, 0]) == set(range(5))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_each_axis_iteration_stream_and_seed_has_its_maps(kernels):
    addresses = [(3, 2, 1), (3, 2, 2), (3, 2, 1 + 2**32), (3, 1, 1), (4, 2, 1), (-4, 2, 1)]
    maps = [drawn(kernels, "constant", (20, 2), 2, -9, 9, address=address).tobytes() for address in addresses]
    maps += [drawn(kernels, "constant", (20, 2), 2, -9, 9, axis=axis).tobytes() for axis in (1, 2, 3)]
    assert len(set(maps)) == len(maps)


@pytest.mark.compiled
@pytest.mark.parametrize(("low", "high"), [(-3, 3), (0, 9), (-1, 0)])
def test_shifts_are_uniform(low, high):
    count, N = high - low + 1, 100_000
    first = drawn(cpu, "wrap", (N, 20), 20, low, high)[:, 0]
    shifts = (-first.astype(int) + 10) % 20 - 10
    seen = np.bincount(shifts - low, minlength=count)
    assert len(seen) == count
    chi_square = ((seen - N / count) ** 2 / (N / count)).sum()
    assert chi_square < {2: 10.83, 7: 22.46, 10: 27.88}[count]  # which one draw in 1,000 exceeds


@pytest.mark.compiled
def test_half_are_reversed_and_axes_are_independent():
    N = 100_000
    rows, columns = (drawn(cpu, "reversal", (N, 2), axis=axis)[:, 0] for axis in (0, 1))
    seen = np.bincount((2 * rows + columns).astype(int))
    assert ((seen - N / 4) ** 2 / (N / 4)).sum() < 16.27  # of three degrees of freedom: one draw in 1,000
