"""numbanet.kernels.dropout: a thread has a block of four random words; a word is compared as an integer, F2 exactly."""

from numba import cuda

from .._cuda import ceil_div, device, like, load, load4, store, store4
from .._cuda_elementwise import LANES, aligned, elementwise
from .._cuda_kernel import THREADS, kernel
from .._cuda_philox import block, least


@device
def _apply(i, word, bound, scale, x, mask, y):
    if i < x.size:
        # F2, F3
        m = scale if word >= bound else like(0.0, x)
        store(mask, i, m)
        store(y, i, load(x, i) * m)


@kernel(
    grid=lambda x, *others: ceil_div(x.size, LANES * THREADS),
    plan=lambda x, rate, seed, stream, iteration, mask, y: (aligned(x, mask, y),),
    numbers={"bound": lambda x, rate, *others: least(rate), "scale": lambda x, rate, *others: 1.0 / (1.0 - rate)},
)
def forward(plan, x, rate, seed, stream, iteration, mask, y, bound, scale):
    b = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    first = LANES * b
    if first >= x.size:
        return
    # F1
    w0, w1, w2, w3 = block(seed, stream, iteration[0], b)
    kept, zero = like(scale, x), like(0.0, x)
    if plan[0] and first + LANES <= x.size:
        x0, x1, x2, x3 = load4(x, first)
        # F2, F3
        m0, m1 = kept if w0 >= bound else zero, kept if w1 >= bound else zero
        m2, m3 = kept if w2 >= bound else zero, kept if w3 >= bound else zero
        store4(mask, first, m0, m1, m2, m3)
        store4(y, first, x0 * m0, x1 * m1, x2 * m2, x3 * m3)
    else:
        _apply(first, w0, bound, kept, x, mask, y)
        _apply(first + 1, w1, bound, kept, x, mask, y)
        _apply(first + 2, w2, bound, kept, x, mask, y)
        _apply(first + 3, w3, bound, kept, x, mask, y)


@elementwise()
def backward(dy, mask, dx):
    # B1
    return dy * mask
