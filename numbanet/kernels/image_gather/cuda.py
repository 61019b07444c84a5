"""numbanet.kernels.image_gather: a thread has four channels, or one, of a pixel; backward it looks for its sources.

Backward a thread goes through its sample's maps, H + W numbers where a pixel went to one place, which all threads of
the sample read, too: no atomics, and the order of the sum is that of the textbook.
"""

from numba import int32

from .._cuda import device, like, load
from .._cuda_kernel import kernel
from .._cuda_windows import choose, clamped, pixel, pixel_blocks, plus, put, quad, take


@device
def _forward(lanes, x, rows, columns, fill_value, y):
    N, H, W, C = x.shape
    P, Q = y.shape[1:3]
    n, p, q, c = pixel(lanes, P, Q, C)
    if n < N:
        # F1: what is from nowhere loads the first row or column, and does not take it
        i, j = int32(load(rows, n * P + p)), int32(load(columns, n * Q + q))
        v = take(x, ((n * H + clamped(i, H)) * W + clamped(j, W)) * C + c, lanes)
        put(y, ((n * P + p) * Q + q) * C + c, choose(i >= 0 and j >= 0, v, quad(like(fill_value, x))), lanes)


@kernel(grid=lambda x, rows, columns, fill_value, y: pixel_blocks(*y.shape))
def forward(x, rows, columns, fill_value, y):
    if y.shape[3] % 4 == 0:
        _forward(4, x, rows, columns, fill_value, y)
    else:
        _forward(1, x, rows, columns, fill_value, y)


@device
def _backward(lanes, dy, rows, columns, dx):
    N, H, W, C = dx.shape
    P, Q = dy.shape[1:3]
    n, i, j, c = pixel(lanes, H, W, C)
    if n < N:
        total = quad(like(0.0, dx))
        for p in range(P):
            if int32(load(rows, n * P + p)) == i:
                for q in range(Q):
                    if int32(load(columns, n * Q + q)) == j:
                        # B1
                        total = plus(total, take(dy, ((n * P + p) * Q + q) * C + c, lanes))
        put(dx, ((n * H + i) * W + j) * C + c, total, lanes)


@kernel(grid=lambda dy, rows, columns, dx: pixel_blocks(*dx.shape))
def backward(dy, rows, columns, dx):
    if dx.shape[3] % 4 == 0:
        _backward(4, dy, rows, columns, dx)
    else:
        _backward(1, dy, rows, columns, dx)
