"""numbanet.kernels.spatial_dropout: first the mask, four random words a thread, then all positions by it."""

from numba import cuda

from .._cuda import ceil_div, device, divide, like, load, load4, store, store4
from .._cuda_elementwise import LANES, lanes
from .._cuda_kernel import THREADS, kernel
from .._cuda_philox import block, least


@device
def _keep(i, word, bound, scale, mask):
    if i < mask.size:
        # F2
        store(mask, i, scale if word >= bound else like(0.0, mask))


@kernel(
    grid=lambda x, rate, seed, stream, iteration, mask, y: ceil_div(mask.size, LANES * THREADS),
    numbers={"bound": lambda x, rate, *others: least(rate), "scale": lambda x, rate, *others: 1.0 / (1.0 - rate)},
)
def _draw(x, rate, seed, stream, iteration, mask, y, bound, scale):
    b = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    first, kept = LANES * b, like(scale, mask)
    if first < mask.size:
        # F1
        w0, w1, w2, w3 = block(seed, stream, iteration[0], b)
        _keep(first, w0, bound, kept, mask)
        _keep(first + 1, w1, bound, kept, mask)
        _keep(first + 2, w2, bound, kept, mask)
        _keep(first + 3, w3, bound, kept, mask)


@device
def _scale(width, x, mask, y):
    """F3 and B1, of `width` channels a thread"""
    N, P, C = y.shape
    columns = C // width
    place = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if place < N * P * columns:
        row, c = divide(place, columns)
        m = divide(row, P)[0] * columns + c
        if width == LANES:
            x0, x1, x2, x3 = load4(x, LANES * place)
            m0, m1, m2, m3 = load4(mask, LANES * m)
            store4(y, LANES * place, x0 * m0, x1 * m1, x2 * m2, x3 * m3)
        else:
            store(y, place, load(x, place) * load(mask, m))


@kernel(
    grid=lambda x, rate, seed, stream, iteration, mask, y: ceil_div(y.size // lanes(x, mask, y), THREADS),
    plan=lambda x, rate, seed, stream, iteration, mask, y: (lanes(x, mask, y),),
    before=[_draw],
)
def forward(plan, x, rate, seed, stream, iteration, mask, y):
    _scale(plan[0], x, mask, y)


@kernel(
    grid=lambda dy, mask, dx: ceil_div(dx.size // lanes(dy, mask, dx), THREADS),
    plan=lambda dy, mask, dx: (lanes(dy, mask, dx),),
)
def backward(plan, dy, mask, dx):
    _scale(plan[0], dy, mask, dx)
