"""numbanet.kernels.bias with neighbouring threads on neighbouring channels, and ROWS rows a thread."""

from numba import cuda

from .._cuda import ceil_div, device, divide, load, load4, short, store, store4
from .._cuda_gemm import is_wide
from .._cuda_kernel import THREADS, kernel
from .._cuda_pixels import power

ROWS = 4  # of a thread: so many loads are under way together
LANES = 32  # threads along the channels


def _plan(b, y):
    """Whether a thread has four channels, and the threads along the channels."""
    wide = is_wide(b) and is_wide(y)
    return wide, power(len(b) // 4 if wide else len(b), LANES)


def _blocks(b, y):
    wide, lanes = _plan(b, y)
    return ceil_div(len(b), 4 * lanes if wide else lanes) * ceil_div(len(y), ROWS * (THREADS // lanes))


@device
def _add4(y, i, v, b):
    store4(y, i, v[0] + b[0], v[1] + b[1], v[2] + b[2], v[3] + b[3])


@kernel(grid=_blocks, plan=_plan)
def forward(plan, b, y):
    R, C = y.shape
    wide, lanes = plan
    step = THREADS // lanes
    own, lane = divide(cuda.threadIdx.x, lanes)
    width = 4 * lanes if wide else lanes
    down, across = divide(cuda.blockIdx.x, divide(C + width - 1, width)[0])
    r, c = ROWS * step * down + own, across * width + (4 * lane if wide else lane)
    if c >= C:
        return
    # F1
    if wide:
        bias = load4(b, c)
        if r + 3 * step < R:
            v0, v1 = load4(y, short(r * C + c)), load4(y, short((r + step) * C + c))
            v2, v3 = load4(y, short((r + 2 * step) * C + c)), load4(y, short((r + 3 * step) * C + c))
            _add4(y, short(r * C + c), v0, bias)
            _add4(y, short((r + step) * C + c), v1, bias)
            _add4(y, short((r + 2 * step) * C + c), v2, bias)
            _add4(y, short((r + 3 * step) * C + c), v3, bias)
        else:
            while r < R:
                _add4(y, short(r * C + c), load4(y, short(r * C + c)), bias)
                r += step
    else:
        bias = load(b, c)
        if r + 3 * step < R:
            v0, v1 = load(y, short(r * C + c)), load(y, short((r + step) * C + c))
            v2, v3 = load(y, short((r + 2 * step) * C + c)), load(y, short((r + 3 * step) * C + c))
            store(y, short(r * C + c), v0 + bias)
            store(y, short((r + step) * C + c), v1 + bias)
            store(y, short((r + 2 * step) * C + c), v2 + bias)
            store(y, short((r + 3 * step) * C + c), v3 + bias)
        else:
            while r < R:
                store(y, short(r * C + c), load(y, short(r * C + c)) + bias)
                r += step
