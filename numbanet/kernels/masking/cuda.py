"""numbanet.kernels.masking: forward some threads have a row each, and elsewhere a thread has an element, or four."""

from numba import cuda, int32, int64

from .._cuda import WARP, ceil_div, device, divide, like, load, load4, store, store4
from .._cuda_block import block_sum
from .._cuda_gemm import is_wide
from .._cuda_kernel import THREADS, kernel
from .._cuda_pixels import power

ELEMENTS = 4  # of a thread of the row's gradient
COUNTERS = 1024  # threads that add up a mask


def _lanes(x, value, mask, y):
    """Threads of a row: as many as read it in four turns, within a warp, so that short rows leave none idle."""
    return (power(ceil_div(x.shape[2], ELEMENTS), WARP),)


@kernel(grid=lambda x, value, mask, y: ceil_div(mask.size, THREADS // _lanes(x, value, mask, y)[0]), plan=_lanes)
def forward(plan, x, value, mask, y):
    others = cuda.shared.array(THREADS, int32)
    lanes, F, padding = plan[0], x.shape[2], like(value, x)
    t = cuda.threadIdx.x
    row, lane = cuda.blockIdx.x * (THREADS // lanes) + t // lanes, t % lanes
    last = F if row < mask.size else 0
    # F1
    found = int32(0)
    for f in range(lane, last, lanes):
        if load(x, row * F + f) != padding:
            found = int32(1)
    others[t] = found
    cuda.syncthreads()
    for k in range(lanes):
        found |= others[t - lane + k]
    counts = like(1.0, x) if found else like(0.0, x)
    if row < mask.size and lane == 0:
        store(mask, row, like(1.0, mask) if found else like(0.0, mask))
    # F2
    for f in range(lane, last, lanes):
        store(y, row * F + f, load(x, row * F + f) * counts)


@kernel(grid=lambda x, mask: ceil_div(x.size, THREADS))
def indices(x, mask):
    i = cuda.grid(1)
    if i < x.size:
        # F3
        store(mask, i, like(0.0, mask) if load(x, i) == like(0.0, x) else like(1.0, mask))


@kernel(threads=COUNTERS)
def weigh(x, mask, y):
    shared = cuda.shared.array(COUNTERS, int64)
    count = int64(0)  # of whole numbers, so that the sum is exact
    for r in range(cuda.threadIdx.x, mask.size, COUNTERS):
        count += int64(load(mask, r))
    count = block_sum(count, shared)
    # F4
    factor = like(x.size, y) / like(max(count, 1), y)
    for r in range(cuda.threadIdx.x, x.size, COUNTERS):
        store(y, r, load(x, r) * load(mask, r) * factor)


@kernel(grid=lambda mask, rows: ceil_div(rows.size, THREADS))
def leave_out(mask, rows):
    i = cuda.grid(1)
    # F5
    if i < rows.size and load(mask, divide(i, rows.shape[1])[0]) == like(0.0, mask):
        store(rows, i, like(0.0, rows))


@device
def _times(dy, mask, dx, i):
    if i < dx.size:
        store(dx, i, load(dy, i) * load(mask, divide(i, dx.shape[2])[0]))


@kernel(
    grid=lambda dy, mask, dx: ceil_div(dx.size, ELEMENTS * THREADS),
    plan=lambda dy, mask, dx: (int(is_wide(dy) and is_wide(dx)),),
)
def backward(plan, dy, mask, dx):
    block = cuda.blockIdx.x * ELEMENTS * THREADS
    # B1
    if plan[0]:
        i = block + ELEMENTS * cuda.threadIdx.x
        if i < dx.size:
            g0, g1, g2, g3 = load4(dy, i)
            counts = load(mask, divide(i, dx.shape[2])[0])
            store4(dx, i, g0 * counts, g1 * counts, g2 * counts, g3 * counts)
    else:
        for k in range(ELEMENTS):
            _times(dy, mask, dx, block + k * THREADS + cuda.threadIdx.x)
