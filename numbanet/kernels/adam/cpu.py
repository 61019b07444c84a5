"""numbanet.kernels.adam in chunks: a task owns a stretch of the weights.

U3 and U5 with everything that all weights share computed once, in float64:
    w -= step m / (spread sqrt(v) + epsilon),  step = learning_rate / (1 - beta_1^t),  spread = 1 / sqrt(1 - beta_2^t)
"""

import math

from .._chunks import chunk, chunks
from .._jit import inline, like
from .._kernel import kernel


@inline
def _corrections(learning_rate, beta_1, beta_2, iteration):
    # U3
    t = iteration[0] + 1
    return learning_rate[0] / (1.0 - beta_1**t), 1.0 / math.sqrt(1.0 - beta_2**t)


@kernel(tasks=chunks)
def update(task, g, learning_rate, beta_1, beta_2, epsilon, iteration, m, v, w):
    step, spread = _corrections(learning_rate, beta_1, beta_2, iteration)
    step, spread, small = like(step, w), like(spread, w), like(epsilon, w)
    kept_m, new_m = like(beta_1, w), like(1.0 - beta_1, w)
    kept_v, new_v = like(beta_2, w), like(1.0 - beta_2, w)
    for i in chunk(task, w.size):
        # U1, U2, U5
        m[i] = kept_m * m[i] + new_m * g[i]
        v[i] = kept_v * v[i] + new_v * g[i] * g[i]
        w[i] -= step * m[i] / (spread * math.sqrt(v[i]) + small)


@kernel(tasks=chunks)
def update_amsgrad(task, g, learning_rate, beta_1, beta_2, epsilon, iteration, m, v, highest, w):
    step, spread = _corrections(learning_rate, beta_1, beta_2, iteration)
    step, spread, small = like(step, w), like(spread, w), like(epsilon, w)
    kept_m, new_m = like(beta_1, w), like(1.0 - beta_1, w)
    kept_v, new_v = like(beta_2, w), like(1.0 - beta_2, w)
    for i in chunk(task, w.size):
        # U1, U2
        m[i] = kept_m * m[i] + new_m * g[i]
        v[i] = kept_v * v[i] + new_v * g[i] * g[i]
        # U4, with a NaN kept, and U5
        highest[i] = highest[i] if v[i] <= highest[i] else v[i]
        w[i] -= step * m[i] / (spread * math.sqrt(highest[i]) + small)
