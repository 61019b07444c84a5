"""numbanet.kernels.moving_average, a weight at a time; `new` is 1 - momentum, subtracted in float64."""

from numba import cuda

from .._cuda import ceil_div, like
from .._cuda_elementwise import elementwise
from .._cuda_kernel import THREADS, kernel

BLOCKS = 1024  # fill a GPU several times over; most launches only find that there is nothing to do


@elementwise(whole=("iteration",), numbers={"new": lambda momentum, *others: 1.0 - momentum})
def follow(momentum, iteration, w, average, new):
    # U1
    return like(momentum, w) * average + like(new, w) * w if iteration[0] > 1 else w


@kernel(grid=lambda every, iteration, average, w: min(BLOCKS, ceil_div(w.size, THREADS)))
def overwrite(every, iteration, average, w):
    # U2; not as `follow`, which would read and write all weights after every update
    if iteration[0] % every == 0:
        i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
        while i < w.size:
            w[i] = average[i]
            i += cuda.gridDim.x * THREADS
