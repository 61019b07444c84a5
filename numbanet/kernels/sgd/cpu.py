"""numbanet.kernels.sgd in chunks: a task owns a stretch of the weights."""

from .._chunks import chunk, chunks
from .._jit import like
from .._kernel import kernel


@kernel(tasks=chunks)
def update(task, g, learning_rate, w):
    rate = like(learning_rate[0], w)
    for i in chunk(task, w.size):
        # U1
        w[i] -= rate * g[i]


@kernel(tasks=chunks)
def update_momentum(task, g, learning_rate, momentum, v, w):
    rate, kept = like(learning_rate[0], w), like(momentum, w)
    for i in chunk(task, w.size):
        # U2, U3
        v[i] = kept * v[i] - rate * g[i]
        w[i] += v[i]


@kernel(tasks=chunks)
def update_nesterov(task, g, learning_rate, momentum, v, w):
    rate, kept = like(learning_rate[0], w), like(momentum, w)
    for i in chunk(task, w.size):
        # U2, U4
        step = rate * g[i]
        v[i] = kept * v[i] - step
        w[i] += kept * v[i] - step
