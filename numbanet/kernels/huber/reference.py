"""The equations of numbanet.kernels.huber as loops."""

from .._kernel import kernel


@kernel()
def forward(p, t, weights, delta, losses):
    R, C = p.shape
    for r in range(R):
        total = 0.0
        for c in range(C):
            # F1
            size = abs(p[r, c] - t[r, c])
            if size <= delta:
                total += 0.5 * size**2
            else:
                total += delta * size - 0.5 * delta**2
        # F2
        losses[r] = weights[r] / C * total


@kernel()
def backward(p, t, weights, delta, dp):
    R, C = p.shape
    for r in range(R):
        for c in range(C):
            # B1
            error = p[r, c] - t[r, c]
            if error > delta:
                slope = delta
            elif error < -delta:
                slope = -delta
            else:
                slope = error
            dp[r, c] = weights[r] / (R * C) * slope
