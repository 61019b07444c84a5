"""numbanet.kernels.huber in blocks of rows: a task owns its rows."""

from .._jit import like
from .._kernel import kernel

ELEMENTS = 16384  # of a task: 2 us in float32 on one core


def _blocks(R, C):
    return -(-R // max(1, ELEMENTS // C))


@kernel(tasks=lambda p, t, weights, delta, losses: _blocks(*p.shape))
def forward(task, p, t, weights, delta, losses):
    R, C = p.shape
    rows = max(1, ELEMENTS // C)
    share, half, bend = like(1.0 / C, p), like(0.5, p), like(delta, p)
    for r in range(task * rows, min(R, task * rows + rows)):
        total = like(0.0, p)
        for c in range(C):
            # F1
            size = abs(p[r, c] - t[r, c])
            square, linear = half * size * size, bend * (size - half * bend)
            total += square if size <= bend else linear
        # F2
        losses[r] = weights[r] * share * total


@kernel(tasks=lambda p, t, weights, delta, dp: _blocks(*p.shape))
def backward(task, p, t, weights, delta, dp):
    R, C = p.shape
    rows = max(1, ELEMENTS // C)
    share, bend = like(1.0 / (R * C), p), like(delta, p)
    for r in range(task * rows, min(R, task * rows + rows)):
        scale = weights[r] * share
        for c in range(C):
            # B1
            slope = p[r, c] - t[r, c]
            slope = bend if slope > bend else slope
            slope = -bend if slope < -bend else slope
            dp[r, c] = scale * slope
