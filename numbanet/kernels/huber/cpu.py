"""numbanet.kernels.huber in blocks of rows: a task owns its rows."""

from .._jit import like
from .._kernel import kernel
from .._rows import row_block, row_blocks


@kernel(tasks=lambda p, t, weights, delta, losses: row_blocks(*p.shape))
def forward(task, p, t, weights, delta, losses):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share, half, bend = like(1.0 / C, p), like(0.5, p), like(delta, p)
    for r in range(first, last):
        total = like(0.0, p)
        for c in range(C):
            # F1
            size = abs(p[r, c] - t[r, c])
            square, linear = half * size * size, bend * (size - half * bend)
            total += square if size <= bend else linear
        # F2
        losses[r] = weights[r] * share * total


@kernel(tasks=lambda p, t, weights, delta, dp: row_blocks(*p.shape))
def backward(task, p, t, weights, delta, dp):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share, bend = like(1.0 / (R * C), p), like(delta, p)
    for r in range(first, last):
        scale = weights[r] * share
        for c in range(C):
            # B1
            slope = p[r, c] - t[r, c]
            slope = bend if slope > bend else slope
            slope = -bend if slope < -bend else slope
            dp[r, c] = scale * slope
