"""numbanet.kernels.hinge in blocks of rows: a task owns its rows."""

from .._jit import like
from .._kernel import kernel
from .._rows import row_block, row_blocks


@kernel(tasks=lambda p, t, weights, losses: row_blocks(*p.shape))
def forward(task, p, t, weights, losses):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share, zero, one = like(1.0 / C, p), like(0.0, p), like(1.0, p)
    for r in range(first, last):
        # F1
        total = zero
        for c in range(C):
            missing = one - t[r, c] * p[r, c]
            total += zero if missing <= zero else missing
        losses[r] = weights[r] * share * total


@kernel(tasks=lambda p, t, weights, dp: row_blocks(*p.shape))
def backward(task, p, t, weights, dp):
    R, C = p.shape
    first, last = row_block(task, R, C)
    share, zero, one = like(1.0 / (R * C), p), like(0.0, p), like(1.0, p)
    for r in range(first, last):
        scale = weights[r] * share
        for c in range(C):
            # B1: what is neither positive nor 0 and less is NaN
            missing = one - t[r, c] * p[r, c]
            slope = zero if missing <= zero else missing
            slope = -t[r, c] if missing > zero else slope
            dp[r, c] = scale * slope
