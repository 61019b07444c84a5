"""numbanet.kernels.mean_error: blocks add up the errors of their elements, and one block adds up their sums."""

import numpy as np
from numba import cuda, float64

from .._cuda import device, load
from .._cuda_block import block_sum
from .._cuda_kernel import THREADS, kernel
from .._cuda_rows import blocks_of, doubles, element, summed


@device
def _size(i, p, t):
    return abs(float64(load(p, i)) - float64(load(t, i)))


@device
def _square(i, p, t):
    error = float64(load(p, i)) - float64(load(t, i))
    return error * error


_sizes, _squares, _elements = summed(_size), summed(_square), summed(element)


@kernel(grid=lambda p, t, state: blocks_of(p.size))
def _add_sizes(p, t, state, parts):
    shared = cuda.shared.array(THREADS, float64)
    # F1
    total = block_sum(_sizes(cuda.grid(1), p.size, cuda.gridsize(1), float64(0.0), p, t), shared)
    if cuda.threadIdx.x == 0:
        parts.view(np.float64)[cuda.blockIdx.x] = total


@kernel(grid=lambda p, t, state: blocks_of(p.size))
def _add_squares(p, t, state, parts):
    shared = cuda.shared.array(THREADS, float64)
    # F2
    total = block_sum(_squares(cuda.grid(1), p.size, cuda.gridsize(1), float64(0.0), p, t), shared)
    if cuda.threadIdx.x == 0:
        parts.view(np.float64)[cuda.blockIdx.x] = total


@device
def _finish(p, state, parts, shared):
    own, sums = cuda.threadIdx.x, parts.view(np.float64)
    total = block_sum(_elements(own, sums.size, THREADS, float64(0.0), sums), shared)
    if own == 0:
        state[0] += total
        # F3
        state[1] += p.size


@kernel(scratch=lambda p, t, state: doubles(p, blocks_of(p.size)), before=[_add_sizes])
def absolute(p, t, state, parts):
    shared = cuda.shared.array(THREADS, float64)
    _finish(p, state, parts, shared)


@kernel(scratch=lambda p, t, state: doubles(p, blocks_of(p.size)), before=[_add_squares])
def squared(p, t, state, parts):
    shared = cuda.shared.array(THREADS, float64)
    _finish(p, state, parts, shared)
