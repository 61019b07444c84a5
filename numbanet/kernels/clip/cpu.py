"""numbanet.kernels.clip in chunks: a task owns a stretch of the gradient."""

import math

import numpy as np

from .._chunks import chunk, chunks
from .._jit import inline, like
from .._kernel import kernel


@kernel(tasks=chunks)
def by_value(task, limit, g):
    highest = like(limit, g)
    for i in chunk(task, g.size):
        # F1: a NaN is neither above nor below
        g[i] = highest if g[i] > highest else (-highest if g[i] < -highest else g[i])


@kernel(tasks=lambda g, partial: partial.size)
def square_sums(task, g, partial):
    L = -(-g.size // partial.size)
    # F2
    total = 0.0
    for i in chunk(task, g.size, L):
        value = np.float64(g[i])
        total += value * value
    partial[task] = total


@inline
def _factor(partial, limit):
    # F3, F4
    total = 0.0
    for p in range(partial.size):
        total += partial[p]
    norm = math.sqrt(total)
    if not math.isfinite(norm):
        return math.nan
    return limit / norm if norm > limit else 1.0


@kernel(tasks=chunks)
def scale(task, partial, limit, g):
    factor = _factor(partial, limit)
    if factor == 1.0:
        return
    for i in chunk(task, g.size):
        # F4, in float64: above a norm of 1e38 the factor is too small for float32
        g[i] = like(np.float64(g[i]) * factor, g)
