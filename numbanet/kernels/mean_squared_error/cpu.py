"""numbanet.kernels.mean_squared_error in blocks of rows: a task owns its rows."""

from .._jit import like
from .._kernel import kernel
from .._rows import row_block, row_blocks


@kernel(tasks=lambda p, t, weights, losses: row_blocks(*p.shape))
def forward(task, p, t, weights, losses):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share = like(1.0 / C, p)
    for r in range(first, last):
        # F1
        total = like(0.0, p)
        for c in range(C):
            error = p[r, c] - t[r, c]
            total += error * error
        losses[r] = weights[r] * share * total


@kernel(tasks=lambda p, t, weights, dp: row_blocks(*p.shape))
def backward(task, p, t, weights, dp):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share = like(2.0 / (R * C), p)
    for r in range(first, last):
        scale = weights[r] * share
        for c in range(C):
            # B1
            dp[r, c] = scale * (p[r, c] - t[r, c])
