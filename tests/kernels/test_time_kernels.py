"""What recurrent layers do with a sequence besides their loops: sums over its steps, and slices of it."""

import numpy as np
import pytest

from numbanet.kernels import time_slice, time_sum
from numbanet.kernels.time_sum import cpu, reference
from tests.oracles import DTYPES, assert_agrees, device_module

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
both = pytest.mark.parametrize("device", ["cpu", "reference"])
# samples, steps, inputs, outputs; a task has 256 inputs and 256 outputs, and takes 272 steps at once
SUMS = [(1, 1, 1, 1), (2, 3, 5, 7), (17, 2, 9, 3)]
LARGE = [(7, 40, 12, 33), (2, 290, 9, 70), (300, 1, 8, 32), (3, 5, 300, 4), (3, 5, 4, 530), (40, 7, 259, 267)]


def draw(size, dtype, masked, dropped, shift):
    """dz, a, mask, keep"""
    (N, T, I, O), random = size, np.random.default_rng(size)
    mask = random.choice([0.0, 1.0], (N, T), p=[0.3, 0.7]) if masked else np.ones((N, T))
    if masked:
        mask[N // 2] = 0.0
    keep = random.choice([0.0, 1.0 / 0.6], (N, I)) if dropped else np.zeros((N, 0))
    dz, a = random.uniform(-1.0, 1.0, (N, T, O)), random.uniform(-1.0, 1.0, (N, T + 1 if shift is not None else T, I))
    return tuple(given.astype("float32").astype(dtype) for given in (dz, a, mask, keep))


@every_dtype
# shift None: a has as many steps as dz
@pytest.mark.parametrize(("shift", "columns"), [(None, "all"), (None, "some"), (0, "some"), (1, "all")])
@pytest.mark.parametrize(("masked", "dropped"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("size", SUMS + [pytest.param(s, marks=pytest.mark.compiled) for s in LARGE])
def test_sums_of_the_cpu_agree_with_the_reference(size, masked, dropped, shift, columns, dtype):
    I, O = size[2:]
    first, last = (0, O) if columns == "all" else (O // 3, O - O // 4)
    arrays = draw(size, dtype, masked, dropped, shift)
    found, expected = np.full((I, O), np.nan, dtype), np.full((I, O), np.nan)
    cpu.backward_kernel(*arrays, shift or 0, (first, last), found)
    reference.backward_kernel(*(a.astype("float64") for a in arrays), shift or 0, (first, last), expected)
    outside = np.ones(O, bool)
    outside[first:last] = False
    for dw in (found, expected):
        assert np.isnan(dw[:, outside]).all(), "columns of another call stay as they are"
    assert_agrees(found[:, first:last], expected[:, first:last])


@both
@every_dtype
def test_a_sum_is_that_of_numpy(device, dtype):
    dz, a, mask, keep = draw((4, 3, 5, 6), dtype, True, True, 1)
    dw = np.full((5, 6), np.nan, dtype)
    device_module(time_sum, device).backward_kernel(dz, a, mask, keep, 1, (0, 6), dw)
    assert_agrees(dw, np.einsum("nti,ni,nto,nt->io", *(v.astype("float64") for v in (a[:, 1:], keep, dz, mask))))


@both
@pytest.mark.parametrize("dropped", [False, True])
def test_steps_left_out_may_hold_anything(device, dropped):
    loop = device_module(time_sum, device).backward_kernel
    dz, a, mask, keep = draw((5, 6, 3, 4), "float32", True, dropped, None)
    clean, dirty = np.full((2, 3, 4), np.nan, "float32")
    loop(dz, a, mask, keep, 0, (0, 4), clean)
    dz[mask == 0.0], a[mask == 0.0] = np.nan, np.inf
    loop(dz, a, mask, keep, 0, (0, 4), dirty)
    np.testing.assert_array_equal(dirty, clean)
    mask[...] = 0.0
    loop(dz, a, mask, keep, 0, (0, 4), dirty)
    assert not dirty.any()


@both
@every_dtype
@pytest.mark.parametrize(
    ("shape", "first", "step", "T"),
    [((1, 1, 1), 0, 1, 1), ((5, 4, 3), 1, 1, 3), ((5, 4, 3), 2, -1, 3), ((3, 6, 17), 5, -1, 6), ((2, 5, 2), 4, 1, 1)],
)
def test_slices(device, shape, first, step, T, dtype):
    loops, random = device_module(time_slice, device), np.random.default_rng(0)
    a, one = random.standard_normal(shape).astype(dtype), random.standard_normal((shape[0], shape[2])).astype(dtype)
    y = np.full((shape[0], T, shape[2]), np.nan, dtype)
    loops.forward(a, first, step, y)
    np.testing.assert_array_equal(y, a[:, first + step * np.arange(T)])
    expected = a.copy()
    expected[:, first] = one
    loops.put(one, first, a)
    np.testing.assert_array_equal(a, expected)
