"""numbanet.kernels.check: all blocks look at their elements, and a thread that finds a bad one sets the flag.

They do so by an atomic maximum, as all set the same: the order does not matter. F1 to F4 clear the flag first.
"""

import math

from numba import cuda

from .._cuda import device, like, load
from .._cuda_kernel import kernel
from .._cuda_rows import blocks_of, summed


@device
def _is_infinite(i, x):
    return 0 if abs(load(x, i)) < like(float("inf"), x) else 1


@device
def _is_no_label(i, labels, classes):
    label = load(labels, i)
    return 0 if label >= 0 and label < classes else 1


@device
def _is_outside(i, x, low, high):
    value = load(x, i)
    return 0 if value >= like(low, x) and value <= like(high, x) else 1


@device
def _is_no_index(i, x, count):
    value = load(x, i)
    inside = value >= like(0.0, x) and value < like(count, x)
    return 0 if inside and like(math.floor(value), x) == value else 1


_infinite, _no_labels, _outside, _no_indices = map(summed, (_is_infinite, _is_no_label, _is_outside, _is_no_index))


@device
def _raise(flag, bad):
    if bad > 0:
        cuda.atomic.max(flag, 0, 1)


@kernel(threads=1)
def _clear(x, flag):
    flag[0] = 0


@kernel(threads=1)
def _clear_limit(x, limit, flag):
    flag[0] = 0


@kernel(threads=1)
def _clear_limits(x, low, high, flag):
    flag[0] = 0


@kernel(grid=lambda x, flag: blocks_of(x.size), before=[_clear])
def finite(x, flag):
    # F1
    _raise(flag, _infinite(cuda.grid(1), x.size, cuda.gridsize(1), 0, x))


@kernel(grid=lambda labels, classes, flag: blocks_of(labels.size), before=[_clear_limit])
def labels(labels, classes, flag):
    # F2
    _raise(flag, _no_labels(cuda.grid(1), labels.size, cuda.gridsize(1), 0, labels, classes))


@kernel(grid=lambda x, low, high, flag: blocks_of(x.size), before=[_clear_limits])
def between(x, low, high, flag):
    # F3
    _raise(flag, _outside(cuda.grid(1), x.size, cuda.gridsize(1), 0, x, low, high))


@kernel(grid=lambda x, count, flag: blocks_of(x.size), before=[_clear_limit])
def indices(x, count, flag):
    # F4
    _raise(flag, _no_indices(cuda.grid(1), x.size, cuda.gridsize(1), 0, x, count))


@kernel(grid=lambda flag, x: blocks_of(x.size))
def expect_finite(flag, x):
    # F5
    _raise(flag, _infinite(cuda.grid(1), x.size, cuda.gridsize(1), 0, x))
