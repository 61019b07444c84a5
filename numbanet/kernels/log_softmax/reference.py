"""The equations of numbanet.kernels.log_softmax as loops."""

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
            y[r, c] = (x[r, c] - m) - math.log(total)


@kernel()
def backward(dy, y, dx):
    R, C = y.shape
    for r in range(R):
        # B1
        total = 0.0
        for c in range(C):
            total += dy[r, c]
        for c in range(C):
            dx[r, c] = dy[r, c] - math.exp(y[r, c]) * total
