"""numbanet.kernels.random_index by samples: a sample's word is drawn once."""

import numpy as np

from .._jit import inline, like
from .._kernel import kernel
from .._philox import block
from .._rows import row_block, row_blocks


def _tasks(*arguments):
    return row_blocks(*arguments[-1].shape)


@inline
def _word(seed, stream, iteration, axis, n):
    # F1
    return np.int64(block(seed, stream, iteration[0], n)[axis])


@inline
def _shift(seed, stream, iteration, axis, low, high, n):
    # F3
    return low + (_word(seed, stream, iteration, axis, n) * (high - low + 1) >> 32)


@kernel(tasks=_tasks)
def reversal(task, seed, stream, iteration, axis, index):
    N, L = index.shape
    first, last = row_block(task, N, L)
    for n in range(first, last):
        turned = _word(seed, stream, iteration, axis, n) >= 2**31
        for l in range(L):
            # F2
            index[n, l] = like(L - 1 - l if turned else l, index)


@kernel(tasks=_tasks)
def constant(task, seed, stream, iteration, axis, extent, low, high, index):
    N, L = index.shape
    first, last = row_block(task, N, L)
    for n in range(first, last):
        s = _shift(seed, stream, iteration, axis, low, high, n)
        for l in range(L):
            # F4, F5
            k = l - s
            index[n, l] = like(k if (k >= 0) & (k < extent) else -1, index)


@kernel(tasks=_tasks)
def nearest(task, seed, stream, iteration, axis, extent, low, high, index):
    N, L = index.shape
    first, last = row_block(task, N, L)
    for n in range(first, last):
        s = _shift(seed, stream, iteration, axis, low, high, n)
        for l in range(L):
            # F4, F6
            index[n, l] = like(min(max(l - s, 0), extent - 1), index)


@kernel(tasks=_tasks)
def reflect(task, seed, stream, iteration, axis, extent, low, high, index):
    N, L = index.shape
    first, last = row_block(task, N, L)
    for n in range(first, last):
        s = _shift(seed, stream, iteration, axis, low, high, n)
        for l in range(L):
            # F4, F7
            k = l - s
            index[n, l] = like(-1 - k if k < 0 else 2 * extent - 1 - k if k >= extent else k, index)


@kernel(tasks=_tasks)
def wrap(task, seed, stream, iteration, axis, extent, low, high, index):
    N, L = index.shape
    first, last = row_block(task, N, L)
    for n in range(first, last):
        s = _shift(seed, stream, iteration, axis, low, high, n)
        for l in range(L):
            # F4, F8
            k = l - s
            index[n, l] = like(k + extent if k < 0 else k - extent if k >= extent else k, index)
