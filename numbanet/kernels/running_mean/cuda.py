"""numbanet.kernels.running_mean: a few additions by one thread; one block counts a mask's rows."""

from numba import cuda, float64, int64

from .._cuda import device, like, load
from .._cuda_block import block_sum
from .._cuda_kernel import THREADS, kernel
from .._cuda_rows import summed


@device
def _counts(i, mask):
    return 1 if load(mask, i) != like(0.0, mask) else 0


_count = summed(_counts)


@kernel()
def update_masked(value, mask, state):
    shared = cuda.shared.array(THREADS, int64)
    t = cuda.threadIdx.x
    count = block_sum(_count(t, mask.size, THREADS, 0, mask), shared)
    if t == 0:
        # F1
        state[0] += float64(value[0]) * count
        # F2
        state[1] += count


@kernel(threads=1)
def update(value, count, state):
    # F1
    state[0] += float64(value[0]) * count
    # F2
    state[1] += count
