"""numbanet.kernels.part_sums: a warp's threads have neighbouring channels, and the warps of a block every 16th part."""

from numba import cuda

from .._cuda import WARP, ceil_div, like
from .._cuda_kernel import kernel
from .._cuda_rows import element, summed

WARPS = 16  # of a block, which add up the parts of the same channels
THREADS = WARP * WARPS

_elements = summed(element)


@kernel(grid=lambda parts, total: ceil_div(total.size, WARP), threads=THREADS)
def forward(parts, total):
    shared = cuda.shared.array(THREADS, parts.dtype)
    C, t = total.size, cuda.threadIdx.x
    c, p = cuda.blockIdx.x * WARP + (t & (WARP - 1)), t // WARP
    end = parts.size if c < C else 0
    # F1
    shared[t] = _elements(p * C + c, end, WARPS * C, like(0.0, parts), parts)
    half = THREADS // 2
    while half >= WARP:
        cuda.syncthreads()
        if t < half:
            shared[t] += shared[t + half]
        half >>= 1
    if t < WARP and c < C:
        total[c] = shared[t]
