"""numbanet.kernels.random_index, a thread for an element: it draws its sample's word anew, ten rounds of arithmetic."""

import numpy as np
from numba import cuda

from .._cuda import ceil_div, device, divide, like, store
from .._cuda_kernel import THREADS, kernel
from .._cuda_philox import block


def _blocks(*arguments):
    return ceil_div(arguments[-1].size, THREADS)


@device
def _place(index):
    """This thread's element, its sample, and its place on the axis."""
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    n, l = divide(i, index.shape[1])
    return i, n, l


@device
def _word(seed, stream, iteration, axis, n):
    # F1
    w0, w1, w2, w3 = block(seed, stream, iteration[0], n)
    return np.int64(w0 if axis == 0 else w1 if axis == 1 else w2 if axis == 2 else w3)


@device
def _moved(seed, stream, iteration, axis, low, high, n, l):
    # F3, F4
    return l - (low + (_word(seed, stream, iteration, axis, n) * (high - low + 1) >> 32))


@kernel(grid=_blocks)
def reversal(seed, stream, iteration, axis, index):
    i, n, l = _place(index)
    if i < index.size:
        # F2
        turned = _word(seed, stream, iteration, axis, n) >= 2**31
        store(index, i, like(index.shape[1] - 1 - l if turned else l, index))


@kernel(grid=_blocks)
def constant(seed, stream, iteration, axis, extent, low, high, index):
    i, n, l = _place(index)
    if i < index.size:
        # F5
        k = _moved(seed, stream, iteration, axis, low, high, n, l)
        store(index, i, like(k if 0 <= k < extent else -1, index))


@kernel(grid=_blocks)
def nearest(seed, stream, iteration, axis, extent, low, high, index):
    i, n, l = _place(index)
    if i < index.size:
        # F6
        k = _moved(seed, stream, iteration, axis, low, high, n, l)
        store(index, i, like(min(max(k, 0), extent - 1), index))


@kernel(grid=_blocks)
def reflect(seed, stream, iteration, axis, extent, low, high, index):
    i, n, l = _place(index)
    if i < index.size:
        # F7
        k = _moved(seed, stream, iteration, axis, low, high, n, l)
        store(index, i, like(-1 - k if k < 0 else 2 * extent - 1 - k if k >= extent else k, index))


@kernel(grid=_blocks)
def wrap(seed, stream, iteration, axis, extent, low, high, index):
    i, n, l = _place(index)
    if i < index.size:
        # F8
        k = _moved(seed, stream, iteration, axis, low, high, n, l)
        store(index, i, like(k + extent if k < 0 else k - extent if k >= extent else k, index))
