"""numbanet.kernels.rmsprop, a weight at a time; `new` is 1 - rho, subtracted in float64."""

import math

from .._cuda import device, like
from .._cuda_elementwise import elementwise

NUMBERS = {"new": lambda g, learning_rate, rho, *others: 1.0 - rho}


@device
def _mean(rho, new, mean, value):
    # U1, U2
    return like(rho, mean) * mean + like(new, mean) * value


@device
def _deviation(s, mean):
    # U4; a NaN passes the select
    variance = s - mean * mean
    return math.sqrt(like(0.0, s) if variance < like(0.0, s) else variance)


@elementwise(whole=("learning_rate",), numbers=NUMBERS)
def update(g, learning_rate, rho, epsilon, s, w, new):
    s = _mean(rho, new, s, g * g)
    # U3, U5
    return s, w - like(learning_rate[0], w) * g / (math.sqrt(s) + like(epsilon, w))


@elementwise(whole=("learning_rate",), numbers=NUMBERS)
def update_momentum(g, learning_rate, rho, epsilon, momentum, s, v, w, new):
    s = _mean(rho, new, s, g * g)
    # U3, U6
    v = like(momentum, v) * v + g / (math.sqrt(s) + like(epsilon, w))
    return s, v, w - like(learning_rate[0], w) * v


@elementwise(whole=("learning_rate",), numbers=NUMBERS)
def update_centered(g, learning_rate, rho, epsilon, s, mean, w, new):
    s, mean = _mean(rho, new, s, g * g), _mean(rho, new, mean, g)
    # U4, U5
    return s, mean, w - like(learning_rate[0], w) * g / (_deviation(s, mean) + like(epsilon, w))


@elementwise(whole=("learning_rate",), numbers=NUMBERS)
def update_centered_momentum(g, learning_rate, rho, epsilon, momentum, s, mean, v, w, new):
    s, mean = _mean(rho, new, s, g * g), _mean(rho, new, mean, g)
    # U4, U6
    v = like(momentum, v) * v + g / (_deviation(s, mean) + like(epsilon, w))
    return s, mean, v, w - like(learning_rate[0], w) * v
