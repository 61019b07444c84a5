"""The equations of numbanet.kernels.cross_entropy as loops."""

import math

from .._jit import inline
from .._kernel import kernel

EPSILON = 1e-7  # Keras's


@inline
def _log_clipped(p):
    # F1: NaN is not outside the clip
    if p < EPSILON:
        return math.log(EPSILON)
    if p > 1.0 - EPSILON:
        return math.log(1.0 - EPSILON)
    return math.log(p)


@inline
def _slope(u, p):
    # B1, without its factor weights / R
    return 0.0 if p < EPSILON or p > 1.0 - EPSILON else -u / p


@kernel()
def forward(p, t, weights, smoothing, losses):
    R, C = p.shape
    for r in range(R):
        # F2
        total = 0.0
        for c in range(C):
            u = t[r, c] * (1.0 - smoothing) + smoothing / C
            total -= u * _log_clipped(p[r, c])
        losses[r] = weights[r] * total


@kernel()
def backward(p, t, weights, smoothing, dp):
    R, C = p.shape
    for r in range(R):
        for c in range(C):
            u = t[r, c] * (1.0 - smoothing) + smoothing / C
            dp[r, c] = weights[r] / R * _slope(u, p[r, c])


@kernel()
def forward_sparse(p, labels, weights, losses):
    R, C = p.shape
    for r in range(R):
        # F2
        total = 0.0
        for c in range(C):
            u = 1.0 if c == labels[r] else 0.0
            total -= u * _log_clipped(p[r, c])
        losses[r] = weights[r] * total


@kernel()
def backward_sparse(p, labels, weights, dp):
    R, C = p.shape
    for r in range(R):
        for c in range(C):
            u = 1.0 if c == labels[r] else 0.0
            dp[r, c] = weights[r] / R * _slope(u, p[r, c])
