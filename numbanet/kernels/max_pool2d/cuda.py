"""numbanet.kernels.max_pool2d: a thread has four channels, or one, of an element of y, or of dx, which gathers.

Cells outside are loaded from the nearest one inside and ignored: so the loads of a window wait for nothing.
"""

from .._cuda import device, divide, like
from .._cuda_kernel import kernel
from .._cuda_windows import clamped, pixel, pixel_blocks, put, quad, take

GEOMETRY = ("size", "strides", "padding")


@device
def _larger(v, k, inside, most, found):
    """The larger value and its number; a NaN is larger than all numbers, and the first of equals stays."""
    exceeds = inside and most == most and not v <= most
    return v if exceeds else most, k if exceeds else found


@device
def _forward(lanes, x, size, strides, padding, argmax, y):
    N, H, W, C = x.shape
    (K, L), (S, R), (top, left) = size, strides, padding
    n, p, q, c = pixel(lanes, y.shape[1], y.shape[2], C)
    if n < N:
        h, w = p * S - top, q * R - left
        # where all are -inf, the first cell inside is the one
        a = b = d = e = like(max(0, -h) * L + max(0, -w), argmax)
        va = vb = vd = ve = like(float("-inf"), x)
        # F1, F2
        for i in range(K):
            row = (n * H + clamped(h + i, H)) * W
            for j in range(L):
                v = take(x, (row + clamped(w + j, W)) * C + c, lanes)
                inside = 0 <= h + i < H and 0 <= w + j < W
                k = like(i * L + j, argmax)
                va, a = _larger(v[0], k, inside, va, a)
                vb, b = _larger(v[1], k, inside, vb, b)
                vd, d = _larger(v[2], k, inside, vd, d)
                ve, e = _larger(v[3], k, inside, ve, e)
        at = ((n * y.shape[1] + p) * y.shape[2] + q) * C + c
        put(argmax, at, (a, b, d, e), lanes)
        put(y, at, (va, vb, vd, ve), lanes)


@kernel(grid=lambda x, size, strides, padding, argmax, y: pixel_blocks(*y.shape), static=GEOMETRY)
def forward(x, size, strides, padding, argmax, y):
    if x.shape[3] % 4 == 0:
        _forward(4, x, size, strides, padding, argmax, y)
    else:
        _forward(1, x, size, strides, padding, argmax, y)


@device
def _plus(total, g, found, k, there):
    return total + (g if there and found == k else like(0.0, total))


@device
def _backward(lanes, dy, argmax, size, strides, padding, dx):
    N, H, W, C = dx.shape
    P, Q = dy.shape[1:3]
    (K, L), (S, R), (top, left) = size, strides, padding
    n, h, w, c = pixel(lanes, H, W, C)
    if n < N:
        # the last window that begins at this cell or before it, and which of its cells this is
        p1, i1 = divide(h + top, S)
        q1, j1 = divide(w + left, R)
        t = quad(like(0.0, dx))
        # B1
        for a in range((K - 1) // S, -1, -1):
            p, i = p1 - a, i1 + a * S
            row = (n * P + clamped(p, P)) * Q
            for b in range((L - 1) // R, -1, -1):
                q, j = q1 - b, j1 + b * R
                there = 0 <= p < P and 0 <= q < Q and i < K and j < L
                at = (row + clamped(q, Q)) * C + c
                g, f, k = take(dy, at, lanes), take(argmax, at, lanes), like(i * L + j, argmax)
                t = (
                    _plus(t[0], g[0], f[0], k, there),
                    _plus(t[1], g[1], f[1], k, there),
                    _plus(t[2], g[2], f[2], k, there),
                    _plus(t[3], g[3], f[3], k, there),
                )
        put(dx, ((n * H + h) * W + w) * C + c, t, lanes)


@kernel(grid=lambda dy, argmax, size, strides, padding, dx: pixel_blocks(*dx.shape), static=GEOMETRY)
def backward(dy, argmax, size, strides, padding, dx):
    if dx.shape[3] % 4 == 0:
        _backward(4, dy, argmax, size, strides, padding, dx)
    else:
        _backward(1, dy, argmax, size, strides, padding, dx)
