"""numbanet.kernels.global_average_pool: forward a block adds up some channels of a sample, backward a thread has a quad
of four positions.
"""

from numba import cuda

from .._cuda import device, like, load, store
from .._cuda_kernel import kernel
from .._cuda_windows import (
    MOST,
    ROUND,
    channels,
    column_sum,
    column_threads,
    put_rows,
    quad,
    row_blocks,
    rows_apart,
    sample_blocks,
    take,
    times,
)


@kernel(grid=lambda x, y: sample_blocks(*y.shape), threads=lambda x, y: column_threads(x.shape[1]))
def forward(x, y):
    shared = cuda.shared.array(MOST, x.dtype)
    N, T, C = x.shape
    n, c, row, rows, width = channels(N, C)
    at, zero = n * T * C + min(c, C - 1), like(0.0, x)
    # F1
    total, t = zero, row
    while t < T:
        for k in range(ROUND):
            value = load(x, at + min(t + k * rows, T - 1) * C)
            total += value if t + k * rows < T else zero
        t += ROUND * rows
    total = column_sum(total, shared, width)
    if row == 0 and c < C:
        store(y, n * C + c, total / like(T, x))


@device
def _backward(lanes, dy, dx):
    N, T, C = dx.shape
    n, c, at = rows_apart(lanes, T, C)
    if n < N:
        # B1
        g = times(take(dy, n * C + c, lanes), quad(like(1.0, dx) / like(T, dx)))
        put_rows(dx, at, (g, g, g, g), lanes)


@kernel(grid=lambda dy, dx: row_blocks(*dx.shape))
def backward(dy, dx):
    if dx.shape[2] % 4 == 0:
        _backward(4, dy, dx)
    else:
        _backward(1, dy, dx)
