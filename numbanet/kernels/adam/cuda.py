"""numbanet.kernels.adam, a weight at a time, after one thread has worked out what all weights share, in float64:

w -= step m / (spread sqrt(v) + epsilon),  step = learning_rate / (1 - beta_1^t),  spread = 1 / sqrt(1 - beta_2^t)
"""

import math

from .._cuda import device, like
from .._cuda_elementwise import elementwise
from .._cuda_kernel import kernel

SHARED = 4  # step, spread, 1 - beta_1, 1 - beta_2
WHOLE = ("learning_rate", "iteration", "shared")


@device
def _share(learning_rate, beta_1, beta_2, iteration, shared):
    # U3
    t = iteration[0] + 1
    shared[0] = learning_rate[0] / (1.0 - beta_1**t)
    shared[1] = 1.0 / math.sqrt(1.0 - beta_2**t)
    shared[2], shared[3] = 1.0 - beta_1, 1.0 - beta_2


@kernel(threads=1)
def _prepare(g, learning_rate, beta_1, beta_2, epsilon, iteration, m, v, w, shared):
    _share(learning_rate, beta_1, beta_2, iteration, shared)


@kernel(threads=1)
def _prepare_amsgrad(g, learning_rate, beta_1, beta_2, epsilon, iteration, m, v, highest, w, shared):
    _share(learning_rate, beta_1, beta_2, iteration, shared)


@device
def _means(g, beta_1, beta_2, m, v, shared):
    # U1, U2
    return like(beta_1, m) * m + shared[2] * g, like(beta_2, v) * v + shared[3] * g * g


@device
def _step(m, v, epsilon, shared):
    # U3, U5
    return shared[0] * m / (shared[1] * math.sqrt(v) + like(epsilon, v))


@elementwise(whole=WHOLE, scratch=lambda *arguments: SHARED, before=[_prepare])
def update(g, learning_rate, beta_1, beta_2, epsilon, iteration, m, v, w, shared):
    m, v = _means(g, beta_1, beta_2, m, v, shared)
    return m, v, w - _step(m, v, epsilon, shared)


@elementwise(whole=WHOLE, scratch=lambda *arguments: SHARED, before=[_prepare_amsgrad])
def update_amsgrad(g, learning_rate, beta_1, beta_2, epsilon, iteration, m, v, highest, w, shared):
    m, v = _means(g, beta_1, beta_2, m, v, shared)
    # U4, with a NaN kept
    highest = highest if v <= highest else v
    return m, v, highest, w - _step(m, highest, epsilon, shared)
