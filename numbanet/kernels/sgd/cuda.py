"""numbanet.kernels.sgd, a weight at a time."""

from .._cuda import like
from .._cuda_elementwise import elementwise


@elementwise(whole=("learning_rate",))
def update(g, learning_rate, w):
    # U1
    return w - like(learning_rate[0], w) * g


@elementwise(whole=("learning_rate",))
def update_momentum(g, learning_rate, momentum, v, w):
    # U2, U3
    v = like(momentum, w) * v - like(learning_rate[0], w) * g
    return v, w + v


@elementwise(whole=("learning_rate",))
def update_nesterov(g, learning_rate, momentum, v, w):
    # U2, U4
    kept, step = like(momentum, w), like(learning_rate[0], w) * g
    v = kept * v - step
    return v, w + (kept * v - step)
