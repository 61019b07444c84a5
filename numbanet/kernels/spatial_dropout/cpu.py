"""numbanet.kernels.spatial_dropout by samples: a task draws its sample's mask, four words at a time, and applies it."""

import math

import numpy as np

from .._jit import inline, like
from .._kernel import kernel
from .._philox import block
from .._tile import flat


@inline
def _scale(n, x, mask, y):
    """F3 and B1"""
    _, P, C = x.shape
    xs, ys, ms = flat(x), flat(y), flat(mask)[n * C : (n + 1) * C]
    for p in range(n * P, (n + 1) * P):
        row, out = xs[p * C : (p + 1) * C], ys[p * C : (p + 1) * C]
        for c in range(out.size):
            out[c] = row[c] * ms[c]


@kernel(tasks=lambda x, rate, seed, stream, iteration, mask, y: x.shape[0])
def forward(task, x, rate, seed, stream, iteration, mask, y):
    n, C = task, mask.shape[1]
    least = np.uint64(math.ceil(rate * 2.0**32))  # w 2^-32 >= rate
    scale, zero = like(1.0 / (1.0 - rate), x), like(0.0, x)
    for b in range(n * C // 4, -(-(n + 1) * C // 4)):
        # F1, F2
        words = block(seed, stream, iteration[0], b)
        for j in range(4):
            c = 4 * b + j - n * C
            if 0 <= c < C:  # samples meet within a block
                mask[n, c] = scale if words[j] >= least else zero
    _scale(n, x, mask, y)


@kernel(tasks=lambda dy, mask, dx: dx.shape[0])
def backward(task, dy, mask, dx):
    _scale(task, dy, mask, dx)
