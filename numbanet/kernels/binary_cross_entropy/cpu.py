"""numbanet.kernels.binary_cross_entropy in blocks of rows: a task owns its rows."""

import math

from numba.extending import overload

from .._jit import EXACT, inline, like
from .._kernel import kernel
from .._math import exp
from .._rows import row_block, row_blocks
from .._special import log1p

EPSILON = 1e-7  # Keras's


@inline
def _clip(x):
    # F1
    low, high = like(EPSILON, x), like(1.0 - EPSILON, x)
    x = low if x < low else x
    return high if x > high else x


def _term(z, u, rest):
    """F3, in the order that cancels max(z, 0) - z u before anything small is added to it; rest is the log1p."""
    return ((z if z > like(0.0, z) else like(0.0, z)) - z * u) + rest


@overload(_term, jit_options=EXACT)
def _term_exact(z, u, rest):
    return lambda z, u, rest: ((z if z > like(0.0, z) else like(0.0, z)) - z * u) + rest


@kernel(tasks=lambda z, t, weights, smoothing, losses: row_blocks(*z.shape))
def forward(task, z, t, weights, smoothing, losses):
    R, C = z.shape
    first, last = row_block(task, R, C)
    share, kept, added = like(1.0 / C, z), like(1.0 - smoothing, z), like(0.5 * smoothing, z)
    for r in range(first, last):
        # F3
        total = like(0.0, z)
        for c in range(C):
            u = t[r, c] * kept + added
            total += _term(z[r, c], u, log1p(exp(-abs(z[r, c]))))
        losses[r] = weights[r] * share * total


@kernel(tasks=lambda z, t, weights, smoothing, dz: row_blocks(*z.shape))
def backward(task, z, t, weights, smoothing, dz):
    R, C = z.shape
    first, last = row_block(task, R, C)
    share, zero, one = like(1.0 / (R * C), z), like(0.0, z), like(1.0, z)
    kept, added = like(1.0 - smoothing, z), like(0.5 * smoothing, z)
    for r in range(first, last):
        scale = weights[r] * share
        for c in range(C):
            # B2, whose exponent is negative in either form
            e = exp(-abs(z[r, c]))
            q = (e if z[r, c] < zero else one) / (one + e)
            dz[r, c] = scale * (q - (t[r, c] * kept + added))


@kernel(tasks=lambda p, t, weights, smoothing, losses: row_blocks(*p.shape))
def forward_probabilities(task, p, t, weights, smoothing, losses):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share, one = like(1.0 / C, p), like(1.0, p)
    kept, added = like(1.0 - smoothing, p), like(0.5 * smoothing, p)
    for r in range(first, last):
        total = like(0.0, p)
        for c in range(C):
            u = t[r, c] * kept + added
            # F2
            yes, no = _clip(p[r, c]), _clip(one - p[r, c])
            total -= u * math.log(yes) + (one - u) * math.log(no)
        losses[r] = weights[r] * share * total


@kernel(tasks=lambda p, t, weights, smoothing, dp: row_blocks(*p.shape))
def backward_probabilities(task, p, t, weights, smoothing, dp):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share, zero, one = like(1.0 / (R * C), p), like(0.0, p), like(1.0, p)
    kept, added = like(1.0 - smoothing, p), like(0.5 * smoothing, p)
    low, high = like(EPSILON, p), like(1.0 - EPSILON, p)
    for r in range(first, last):
        scale = weights[r] * share
        for c in range(C):
            # B1: the slope is taken at the clipped p, so that it is finite where it is not used
            yes, no = _clip(p[r, c]), _clip(one - p[r, c])
            slope = scale * (yes - (t[r, c] * kept + added)) / (yes * no)
            slope = zero if p[r, c] < low else slope
            dp[r, c] = zero if p[r, c] > high else slope
