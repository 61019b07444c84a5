"""numbanet.kernels.gather: neighbouring threads copy what is neighbouring in the output, each four where rows allow."""

from numba import cuda

from .._cuda import ceil_div, divide, load
from .._cuda_elementwise import lanes, move
from .._cuda_kernel import THREADS, kernel


@kernel(
    grid=lambda source, order, first, out: ceil_div(out.size // lanes(source, out), THREADS),
    plan=lambda source, order, first, out: (lanes(source, out),),
)
def rows(plan, source, order, first, out):
    columns = out.shape[1] // plan[0]
    place = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if place < out.shape[0] * columns:
        n, i = divide(place, columns)
        # F1
        move(plan[0], source, load(order, first[0] + n) * columns + i, out, place)
