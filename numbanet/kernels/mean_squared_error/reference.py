"""The equations of numbanet.kernels.mean_squared_error as loops."""

from .._kernel import kernel


@kernel()
def forward(p, t, weights, losses):
    R, C = p.shape
    for r in range(R):
        # F1
        total = 0.0
        for c in range(C):
            total += (p[r, c] - t[r, c]) ** 2
        losses[r] = weights[r] / C * total


@kernel()
def backward(p, t, weights, dp):
    R, C = p.shape
    for r in range(R):
        for c in range(C):
            # B1
            dp[r, c] = 2.0 * weights[r] / (R * C) * (p[r, c] - t[r, c])
