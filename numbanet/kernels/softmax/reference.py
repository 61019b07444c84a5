"""The equations of numbanet.kernels.softmax as loops."""

import math

from .._kernel import kernel


@kernel()
def forward(x, y):
    R, C = x.shape
    for r in range(R):
        # F1
        m = x[r, 0]
        for c in range(C):
            m = max(m, x[r, c])
        # F2
        total = 0.0
        for c in range(C):
            total += math.exp(x[r, c] - m)
        for c in range(C):
            y[r, c] = math.exp(x[r, c] - m) / total


@kernel()
def backward(dy, y, dx):
    R, C = y.shape
    for r in range(R):
        # B1
        total = 0.0
        for c in range(C):
            total += dy[r, c] * y[r, c]
        for c in range(C):
            dx[r, c] = y[r, c] * (dy[r, c] - total)
