"""numbanet.kernels.adagrad, a weight at a time."""

import math

from .._cuda import like
from .._cuda_elementwise import elementwise


@elementwise(whole=("learning_rate",))
def update(g, learning_rate, epsilon, h, w):
    # U1, U2
    h = h + g * g
    return h, w - like(learning_rate[0], w) * g / (math.sqrt(h) + like(epsilon, w))
