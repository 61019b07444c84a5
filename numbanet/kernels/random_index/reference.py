"""The equations of numbanet.kernels.random_index as loops."""

import numpy as np

from .._jit import inline
from .._kernel import kernel
from .._philox import block


@inline
def _word(seed, stream, iteration, axis, n):
    # F1
    return np.int64(block(seed, stream, iteration[0], n)[axis])


@inline
def _shift(seed, stream, iteration, axis, low, high, n):
    # F3
    return low + (_word(seed, stream, iteration, axis, n) * (high - low + 1) >> 32)


@kernel()
def reversal(seed, stream, iteration, axis, index):
    N, L = index.shape
    for n in range(N):
        for l in range(L):
            # F2
            index[n, l] = L - 1 - l if _word(seed, stream, iteration, axis, n) >= 2**31 else l


@kernel()
def constant(seed, stream, iteration, axis, extent, low, high, index):
    N, L = index.shape
    for n in range(N):
        for l in range(L):
            # F4, F5
            k = l - _shift(seed, stream, iteration, axis, low, high, n)
            index[n, l] = k if 0 <= k < extent else -1


@kernel()
def nearest(seed, stream, iteration, axis, extent, low, high, index):
    N, L = index.shape
    for n in range(N):
        for l in range(L):
            # F4, F6
            k = l - _shift(seed, stream, iteration, axis, low, high, n)
            index[n, l] = min(max(k, 0), extent - 1)


@kernel()
def reflect(seed, stream, iteration, axis, extent, low, high, index):
    N, L = index.shape
    for n in range(N):
        for l in range(L):
            # F4, F7
            k = l - _shift(seed, stream, iteration, axis, low, high, n)
            index[n, l] = -1 - k if k < 0 else 2 * extent - 1 - k if k >= extent else k


@kernel()
def wrap(seed, stream, iteration, axis, extent, low, high, index):
    N, L = index.shape
    for n in range(N):
        for l in range(L):
            # F4, F8
            k = l - _shift(seed, stream, iteration, axis, low, high, n)
            index[n, l] = k + extent if k < 0 else k - extent if k >= extent else k
