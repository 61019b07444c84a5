"""numbanet.kernels.rmsprop in chunks: a task owns a stretch of the weights."""

import math

from .._chunks import chunk, chunks
from .._jit import inline, like
from .._kernel import kernel


@inline
def _deviation(s, mean):
    # U4; a NaN passes the select
    variance = s - mean * mean
    return math.sqrt(like(0.0, s) if variance < like(0.0, s) else variance)


@kernel(tasks=chunks)
def update(task, g, learning_rate, rho, epsilon, s, w):
    rate, small = like(learning_rate[0], w), like(epsilon, w)
    kept, new = like(rho, w), like(1.0 - rho, w)
    for i in chunk(task, w.size):
        # U1, U3, U5
        s[i] = kept * s[i] + new * g[i] * g[i]
        w[i] -= rate * g[i] / (math.sqrt(s[i]) + small)


@kernel(tasks=chunks)
def update_momentum(task, g, learning_rate, rho, epsilon, momentum, s, v, w):
    rate, small, speed = like(learning_rate[0], w), like(epsilon, w), like(momentum, w)
    kept, new = like(rho, w), like(1.0 - rho, w)
    for i in chunk(task, w.size):
        # U1, U3, U6
        s[i] = kept * s[i] + new * g[i] * g[i]
        v[i] = speed * v[i] + g[i] / (math.sqrt(s[i]) + small)
        w[i] -= rate * v[i]


@kernel(tasks=chunks)
def update_centered(task, g, learning_rate, rho, epsilon, s, mean, w):
    rate, small = like(learning_rate[0], w), like(epsilon, w)
    kept, new = like(rho, w), like(1.0 - rho, w)
    for i in chunk(task, w.size):
        # U1, U2
        s[i] = kept * s[i] + new * g[i] * g[i]
        mean[i] = kept * mean[i] + new * g[i]
        # U4, U5
        w[i] -= rate * g[i] / (_deviation(s[i], mean[i]) + small)


@kernel(tasks=chunks)
def update_centered_momentum(task, g, learning_rate, rho, epsilon, momentum, s, mean, v, w):
    rate, small, speed = like(learning_rate[0], w), like(epsilon, w), like(momentum, w)
    kept, new = like(rho, w), like(1.0 - rho, w)
    for i in chunk(task, w.size):
        # U1, U2
        s[i] = kept * s[i] + new * g[i] * g[i]
        mean[i] = kept * mean[i] + new * g[i]
        # U4, U6
        v[i] = speed * v[i] + g[i] / (_deviation(s[i], mean[i]) + small)
        w[i] -= rate * v[i]
