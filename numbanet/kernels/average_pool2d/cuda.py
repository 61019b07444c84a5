"""numbanet.kernels.average_pool2d: a thread has four channels, or one, of an element of y, or of dx, which gathers.

Cells outside are loaded from the nearest one inside and ignored: so the loads of a window wait for nothing.
"""

from .._cuda import device, divide, like
from .._cuda_kernel import kernel
from .._cuda_windows import choose, clamped, pixel, pixel_blocks, plus, put, quad, take, times

GEOMETRY = ("size", "strides", "padding")


@device
def _inside(o, K, S, before, extent):
    """How many cells of window o are inside."""
    return min(extent, o * S - before + K) - max(0, o * S - before)


@device
def _forward(lanes, x, size, strides, padding, y):
    N, H, W, C = x.shape
    P, Q = y.shape[1:3]
    (K, L), (S, R), (top, left) = size, strides, padding
    n, p, q, c = pixel(lanes, P, Q, C)
    if n < N:
        # F1
        zero = quad(like(0.0, x))
        total = zero
        for i in range(K):
            h = p * S - top + i
            row = (n * H + clamped(h, H)) * W
            for j in range(L):
                w = q * R - left + j
                v = take(x, (row + clamped(w, W)) * C + c, lanes)
                total = plus(total, choose(0 <= h < H and 0 <= w < W, v, zero))
        m = like(_inside(p, K, S, top, H) * _inside(q, L, R, left, W), x)
        put(y, ((n * P + p) * Q + q) * C + c, times(total, quad(like(1.0, x) / m)), lanes)


@kernel(grid=lambda x, size, strides, padding, y: pixel_blocks(*y.shape), static=GEOMETRY)
def forward(x, size, strides, padding, y):
    if x.shape[3] % 4 == 0:
        _forward(4, x, size, strides, padding, y)
    else:
        _forward(1, x, size, strides, padding, y)


@device
def _backward(lanes, dy, size, strides, padding, dx):
    N, H, W, C = dx.shape
    P, Q = dy.shape[1:3]
    (K, L), (S, R), (top, left) = size, strides, padding
    n, h, w, c = pixel(lanes, H, W, C)
    if n < N:
        # the last window that begins at this cell or before it, and which of its cells this is
        p1, i1 = divide(h + top, S)
        q1, j1 = divide(w + left, R)
        zero = quad(like(0.0, dx))
        total = zero
        # B1
        for a in range((K - 1) // S, -1, -1):
            p, i = p1 - a, i1 + a * S
            row = (n * P + clamped(p, P)) * Q
            rows = _inside(p, K, S, top, H)
            for b in range((L - 1) // R, -1, -1):
                q, j = q1 - b, j1 + b * R
                there = 0 <= p < P and 0 <= q < Q and i < K and j < L
                share = like(1.0, dx) / like(rows * _inside(q, L, R, left, W), dx)
                g = take(dy, (row + clamped(q, Q)) * C + c, lanes)
                total = plus(total, choose(there, times(g, quad(share)), zero))
        put(dx, ((n * H + h) * W + w) * C + c, total, lanes)


@kernel(grid=lambda dy, size, strides, padding, dx: pixel_blocks(*dx.shape), static=GEOMETRY)
def backward(dy, size, strides, padding, dx):
    if dx.shape[3] % 4 == 0:
        _backward(4, dy, size, strides, padding, dx)
    else:
        _backward(1, dy, size, strides, padding, dx)
