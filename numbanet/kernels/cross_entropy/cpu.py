"""numbanet.kernels.cross_entropy in blocks of rows: a task owns its rows."""

import math

from .._jit import inline, like
from .._kernel import kernel
from .._rows import row_block, row_blocks

EPSILON = 1e-7  # Keras's


@inline
def _clip(x):
    low, high = like(EPSILON, x), like(1.0 - EPSILON, x)
    x = low if x < low else x
    return high if x > high else x


@inline
def _slope(u, x):
    # B1, without its factor weights / R, at the clipped x, so that it is finite where it is not used
    zero = like(0.0, x)
    slope = -u / _clip(x)
    slope = zero if x < like(EPSILON, x) else slope
    return zero if x > like(1.0 - EPSILON, x) else slope


@kernel(tasks=lambda p, t, weights, smoothing, losses: row_blocks(*p.shape))
def forward(task, p, t, weights, smoothing, losses):
    R, C = p.shape
    first, last = row_block(task, R, C)
    kept, added = like(1.0 - smoothing, p), like(smoothing / C, p)
    for r in range(first, last):
        # F2
        total = like(0.0, p)
        for c in range(C):
            total -= (t[r, c] * kept + added) * math.log(_clip(p[r, c]))
        losses[r] = weights[r] * total


@kernel(tasks=lambda p, t, weights, smoothing, dp: row_blocks(*p.shape))
def backward(task, p, t, weights, smoothing, dp):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share, kept, added = like(1.0 / R, p), like(1.0 - smoothing, p), like(smoothing / C, p)
    for r in range(first, last):
        scale = weights[r] * share
        for c in range(C):
            dp[r, c] = scale * _slope(t[r, c] * kept + added, p[r, c])


@kernel(tasks=lambda p, labels, weights, losses: row_blocks(*p.shape))
def forward_sparse(task, p, labels, weights, losses):
    R, C = p.shape
    first, last = row_block(task, R, C)
    zero = like(0.0, p)
    for r in range(first, last):
        # F2: u is 0 beside the label, and 0 NaN is NaN
        total = zero
        for c in range(C):
            total += zero if p[r, c] == p[r, c] else p[r, c]
        losses[r] = weights[r] * (total - math.log(_clip(p[r, labels[r]])))


@kernel(tasks=lambda p, labels, weights, dp: row_blocks(*p.shape))
def backward_sparse(task, p, labels, weights, dp):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share, zero, one = like(1.0 / R, p), like(0.0, p), like(1.0, p)
    for r in range(first, last):
        # B1: u is 0 beside the label, and 0 NaN is NaN
        for c in range(C):
            dp[r, c] = zero if p[r, c] == p[r, c] else p[r, c]
        dp[r, labels[r]] = weights[r] * share * _slope(one, p[r, labels[r]])
