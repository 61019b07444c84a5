"""numbanet.kernels.accumulation in chunks: a task owns a stretch of the gradient."""

from .._chunks import chunk, chunks
from .._jit import like
from .._kernel import kernel


@kernel(tasks=chunks)
def add(task, steps, g, total):
    share = like(1 / steps, g)
    for i in chunk(task, g.size):
        # U1
        total[i] += g[i] * share


@kernel(tasks=chunks)
def mean(task, steps, total, g):
    share = like(1 / steps, g)
    zero = like(0.0, g)
    for i in chunk(task, g.size):
        # U2
        g[i] = total[i] + g[i] * share
        total[i] = zero
