"""The equations of numbanet.kernels.up_sampling2d as loops."""

import math

from .._jit import inline
from .._kernel import kernel


@inline
def _between(o, S, H):
    """F2: the two pixels of the input around pixel o of the output, and the share of the second."""
    s = (o + 0.5) / S - 0.5
    below = math.floor(s)
    return int(max(below, 0)), int(min(below + 1, H - 1)), s - below


@inline
def _weight(i, o, S, H):
    """B2"""
    lo, hi, f = _between(o, S, H)
    return (1.0 - f if lo == i else 0.0) + (f if hi == i else 0.0)


@kernel()
def nearest(x, size, y):
    SH, SW = size
    for n in range(y.shape[0]):
        for h in range(y.shape[1]):
            for w in range(y.shape[2]):
                for c in range(y.shape[3]):
                    # F1
                    y[n, h, w, c] = x[n, h // SH, w // SW, c]


@kernel()
def nearest_backward(dy, size, dx):
    SH, SW = size
    for n in range(dx.shape[0]):
        for i in range(dx.shape[1]):
            for j in range(dx.shape[2]):
                for c in range(dx.shape[3]):
                    # B1
                    total = 0.0
                    for p in range(SH):
                        for q in range(SW):
                            total += dy[n, SH * i + p, SW * j + q, c]
                    dx[n, i, j, c] = total


@kernel()
def bilinear(x, size, y):
    SH, SW = size
    N, H, W, C = x.shape
    for n in range(N):
        for h in range(y.shape[1]):
            a, b, f = _between(h, SH, H)
            for w in range(y.shape[2]):
                p, q, g = _between(w, SW, W)
                for c in range(C):
                    # F3
                    above = (1.0 - g) * x[n, a, p, c] + g * x[n, a, q, c]
                    below = (1.0 - g) * x[n, b, p, c] + g * x[n, b, q, c]
                    y[n, h, w, c] = (1.0 - f) * above + f * below


@kernel()
def bilinear_backward(dy, size, dx):
    SH, SW = size
    N, H, W, C = dx.shape
    for n in range(N):
        for i in range(H):
            for j in range(W):
                for c in range(C):
                    # B3
                    total = 0.0
                    for h in range(max(0, SH * (i - 1)), min(H * SH, SH * (i + 2))):
                        for w in range(max(0, SW * (j - 1)), min(W * SW, SW * (j + 2))):
                            weight = _weight(i, h, SH, H) * _weight(j, w, SW, W)
                            if weight != 0.0:
                                total += weight * dy[n, h, w, c]
                    dx[n, i, j, c] = total
