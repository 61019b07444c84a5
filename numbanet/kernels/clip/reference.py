"""The equations of numbanet.kernels.clip as loops."""

import math

import numpy as np

from .._kernel import kernel


@kernel()
def by_value(limit, g):
    for i in range(g.size):
        # F1
        if g[i] > limit:
            g[i] = limit
        elif g[i] < -limit:
            g[i] = -limit


@kernel()
def square_sums(g, partial):
    P = partial.size
    L = math.ceil(g.size / P)
    for p in range(P):
        # F2
        total = 0.0
        for i in range(p * L, min(g.size, (p + 1) * L)):
            value = np.float64(g[i])
            total += value * value
        partial[p] = total


@kernel()
def scale(partial, limit, g):
    # F3
    total = 0.0
    for p in range(partial.size):
        total += partial[p]
    norm = math.sqrt(total)
    for i in range(g.size):
        # F4
        if not math.isfinite(norm):
            g[i] = math.nan
        elif norm > limit:
            g[i] = np.float64(g[i]) * limit / norm
