"""numbanet.kernels.clip: a block for each piece whose squares it sums; all blocks scale, or leave the gradient alone.

To scale, each block adds up the partial sums itself, which saves a launch.
"""

import math

from numba import cuda, float64

from .._cuda import device, like, load
from .._cuda_block import block_sum
from .._cuda_elementwise import elementwise
from .._cuda_kernel import THREADS, kernel
from .._cuda_rows import blocks_of, element, summed, written


@elementwise()
def by_value(limit, g):
    # F1: a NaN is neither above nor below
    highest = like(limit, g)
    return highest if g > highest else (-highest if g < -highest else g)


@device
def _square(i, g):
    value = float64(load(g, i))
    return value * value


@device
def _scaled(i, g, factor):
    # F4, in float64: above a norm of 1e38 the factor is too small for float32
    return like(float64(load(g, i)) * factor, g)


_squares, _elements, _write_scaled = summed(_square), summed(element), written(_scaled)


@kernel(grid=lambda g, partial: partial.size, occupancy=6)
def square_sums(g, partial):
    shared = cuda.shared.array(THREADS, float64)
    p, t = cuda.blockIdx.x, cuda.threadIdx.x
    L = (g.size + partial.size - 1) // partial.size
    # F2
    total = block_sum(_squares(p * L + t, min(g.size, (p + 1) * L), THREADS, float64(0.0), g), shared)
    if t == 0:
        partial[p] = total


@kernel(grid=lambda partial, limit, g: blocks_of(g.size), occupancy=6)
def scale(partial, limit, g):
    shared = cuda.shared.array(THREADS, float64)
    # F3
    total = block_sum(_elements(cuda.threadIdx.x, partial.size, THREADS, float64(0.0), partial), shared)
    norm = math.sqrt(total)
    if not norm <= limit:
        # F4: no finite number is above infinity, and NaN times anything is NaN
        factor = limit / norm if norm < math.inf else math.nan
        _write_scaled(cuda.grid(1), g.size, cuda.gridsize(1), g, g, factor)
