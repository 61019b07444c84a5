"""numbanet.kernels.time_slice: a thread copies four elements, neighbours in memory where all rows allow 128 bits."""

from numba import cuda

from .._cuda import ceil_div, device, divide, load, load4, store, store4
from .._cuda_gemm import is_wide
from .._cuda_kernel import THREADS, kernel

ELEMENTS = 4  # of a thread


@device
def _source(i, a, first, step, T, F):
    """Where element i of y lies in a."""
    row, f = divide(i, F)
    n, t = divide(row, T)
    return (n * a.shape[1] + first + step * t) * F + f


@kernel(
    grid=lambda a, first, step, y: ceil_div(y.size, ELEMENTS * THREADS),
    plan=lambda a, first, step, y: (int(is_wide(a) and is_wide(y)),),
)
def forward(plan, a, first, step, y):
    T, F = y.shape[1:]
    block = cuda.blockIdx.x * ELEMENTS * THREADS
    # F1
    if plan[0]:
        i = block + ELEMENTS * cuda.threadIdx.x
        if i < y.size:
            k0, k1, k2, k3 = load4(a, _source(i, a, first, step, T, F))
            store4(y, i, k0, k1, k2, k3)
        return
    i = block + cuda.threadIdx.x
    if i + 3 * THREADS < y.size:
        k0 = load(a, _source(i, a, first, step, T, F))
        k1 = load(a, _source(i + THREADS, a, first, step, T, F))
        k2 = load(a, _source(i + 2 * THREADS, a, first, step, T, F))
        k3 = load(a, _source(i + 3 * THREADS, a, first, step, T, F))
        store(y, i, k0)
        store(y, i + THREADS, k1)
        store(y, i + 2 * THREADS, k2)
        store(y, i + 3 * THREADS, k3)
    else:
        for j in range(i, y.size, THREADS):
            store(y, j, load(a, _source(j, a, first, step, T, F)))


@kernel(grid=lambda one, first, a: ceil_div(one.size, THREADS))
def put(one, first, a):
    i = cuda.grid(1)
    if i < one.size:
        n, f = divide(i, one.shape[1])
        # F2
        store(a, (n * a.shape[1] + first) * a.shape[2] + f, load(one, i))
