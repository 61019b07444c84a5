"""numbanet.kernels.adagrad in chunks: a task owns a stretch of the weights."""

import math

from .._chunks import chunk, chunks
from .._jit import like
from .._kernel import kernel


@kernel(tasks=chunks)
def update(task, g, learning_rate, epsilon, h, w):
    rate, small = like(learning_rate[0], w), like(epsilon, w)
    for i in chunk(task, w.size):
        # U1, U2
        h[i] += g[i] * g[i]
        w[i] -= rate * g[i] / (math.sqrt(h[i]) + small)
