"""The equations of numbanet.kernels.hinge as loops."""

from .._kernel import kernel


@kernel()
def forward(p, t, weights, losses):
    R, C = p.shape
    for r in range(R):
        # F1
        total = 0.0
        for c in range(C):
            missing = 1.0 - t[r, c] * p[r, c]
            total += 0.0 if missing <= 0 else missing
        losses[r] = weights[r] / C * total


@kernel()
def backward(p, t, weights, dp):
    R, C = p.shape
    for r in range(R):
        for c in range(C):
            # B1
            missing = 1.0 - t[r, c] * p[r, c]
            if missing > 0:
                slope = -t[r, c]
            elif missing <= 0:
                slope = 0.0
            else:
                slope = missing  # NaN
            dp[r, c] = weights[r] / (R * C) * slope
