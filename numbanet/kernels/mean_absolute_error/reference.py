"""The equations of numbanet.kernels.mean_absolute_error as loops."""

from .._kernel import kernel


@kernel()
def forward(p, t, weights, losses):
    R, C = p.shape
    for r in range(R):
        # F1
        total = 0.0
        for c in range(C):
            total += abs(p[r, c] - t[r, c])
        losses[r] = weights[r] / C * total


@kernel()
def backward(p, t, weights, dp):
    R, C = p.shape
    for r in range(R):
        for c in range(C):
            # B1
            error = p[r, c] - t[r, c]
            if error > 0:
                sign = 1.0
            elif error < 0:
                sign = -1.0
            else:
                sign = error  # 0 or NaN
            dp[r, c] = weights[r] / (R * C) * sign
