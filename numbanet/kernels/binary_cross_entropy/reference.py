"""The equations of numbanet.kernels.binary_cross_entropy as loops."""

import math

from .._kernel import kernel

EPSILON = 1e-7  # Keras's


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
        total = 0.0
        for c in range(C):
            u = t[r, c] * (1.0 - smoothing) + 0.5 * smoothing
            # F1
            q = p[r, c]
            if q < EPSILON:
                q = EPSILON
            elif q > 1.0 - EPSILON:
                q = 1.0 - EPSILON
            # F2
            total -= u * math.log(q) + (1.0 - u) * math.log(1.0 - q)
        losses[r] = weights[r] / C * total


@kernel()
def backward_probabilities(p, t, weights, smoothing, dp):
    R, C = p.shape
    for r in range(R):
        for c in range(C):
            # B1: NaN is not outside the clip
            q = p[r, c]
            u = t[r, c] * (1.0 - smoothing) + 0.5 * smoothing
            if q < EPSILON or q > 1.0 - EPSILON:
                dp[r, c] = 0.0
            else:
                dp[r, c] = weights[r] / (R * C) * (q - u) / (q * (1.0 - q))
