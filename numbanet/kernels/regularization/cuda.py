"""numbanet.kernels.regularization: blocks add up the penalties of their weights, and one block adds up their sums."""

import numpy as np
from numba import cuda, float64

from .._cuda import device, like, load
from .._cuda_block import block_sum
from .._cuda_elementwise import elementwise
from .._cuda_kernel import THREADS, kernel
from .._cuda_rows import blocks_of, doubles, element, summed


@device
def _penalty(i, w, l1, l2):
    value = float64(load(w, i))
    return l1 * abs(value) + l2 * value * value


_penalties, _elements = summed(_penalty), summed(element)


@kernel(grid=lambda w, l1, l2, loss: blocks_of(w.size))
def _add_penalties(w, l1, l2, loss, parts):
    shared = cuda.shared.array(THREADS, float64)
    total = block_sum(_penalties(cuda.grid(1), w.size, cuda.gridsize(1), float64(0.0), w, l1, l2), shared)
    if cuda.threadIdx.x == 0:
        parts.view(np.float64)[cuda.blockIdx.x] = total


@kernel(scratch=lambda w, l1, l2, loss: doubles(w, blocks_of(w.size)), before=[_add_penalties])
def penalty(w, l1, l2, loss, parts):
    shared = cuda.shared.array(THREADS, float64)
    t, sums = cuda.threadIdx.x, parts.view(np.float64)
    # F1
    total = block_sum(_elements(t, sums.size, THREADS, float64(0.0), sums), shared)
    if t == 0:
        loss[0] = like(float64(loss[0]) + total, loss)


@elementwise()
def gradient(w, l1, l2, dw):
    # B1: zero and NaN are their own signs
    pull, zero = like(l1, w), like(0.0, w)
    sign = pull if w > zero else (-pull if w < zero else w)
    return dw + (sign + like(2.0, w) * like(l2, w) * w)
