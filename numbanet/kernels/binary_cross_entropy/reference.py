"""The equations of numbanet.kernels.binary_cross_entropy as loops."""

import math

from .._jit import inline
from .._kernel import kernel

EPSILON = 1e-7  # Keras's


@inline
def _clip(x):
    # F1: NaN is not outside
    if x < EPSILON:
        return EPSILON
    if x > 1.0 - EPSILON:
        return 1.0 - EPSILON
    return x


@kernel()
def forward(z, t, weights, smoothing, losses):
    R, C = z.shape
    for r in range(R):
        # F3
        total = 0.0
        for c in range(C):
            u = t[r, c] * (1.0 - smoothing) + 0.5 * smoothing
            total += max(z[r, c], 0.0) - z[r, c] * u + math.log1p(math.exp(-abs(z[r, c])))
        losses[r] = weights[r] / C * total


@kernel()
def backward(z, t, weights, smoothing, dz):
    R, C = z.shape
    for r in range(R):
        for c in range(C):
            # B2, whose exponent is negative in either form
            u = t[r, c] * (1.0 - smoothing) + 0.5 * smoothing
            e = math.exp(-abs(z[r, c]))
            q = 1.0 / (1.0 + e) if z[r, c] >= 0 else e / (1.0 + e)
            dz[r, c] = weights[r] / (R * C) * (q - u)


@kernel()
def forward_probabilities(p, t, weights, smoothing, losses):
    R, C = p.shape
    for r in range(R):
        # F2
        total = 0.0
        for c in range(C):
            u = t[r, c] * (1.0 - smoothing) + 0.5 * smoothing
            total -= u * math.log(_clip(p[r, c])) + (1.0 - u) * math.log(_clip(1.0 - p[r, c]))
        losses[r] = weights[r] / C * total


@kernel()
def backward_probabilities(p, t, weights, smoothing, dp):
    R, C = p.shape
    for r in range(R):
        for c in range(C):
            # B1
            u = t[r, c] * (1.0 - smoothing) + 0.5 * smoothing
            if p[r, c] < EPSILON or p[r, c] > 1.0 - EPSILON:
                dp[r, c] = 0.0
            else:
                dp[r, c] = weights[r] / (R * C) * (p[r, c] - u) / (p[r, c] * (1.0 - p[r, c]))
