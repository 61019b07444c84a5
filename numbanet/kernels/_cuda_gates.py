"""The activations of numbanet.kernels._gates for one number on the GPU. The choice is a constant of the code."""

import math

from ._cuda import device, like
from ._gates import ELU, HARD_SIGMOID, RELU, SELU, SIGMOID, SOFTPLUS, SOFTSIGN, TANH, A, L


@device
def value(activation, x):
    """f(x)"""
    zero, one = like(0.0, x), like(1.0, x)
    y = x + zero
    if activation == TANH:
        y = math.tanh(x)
    elif activation == SIGMOID:
        e = math.exp(-abs(x))
        y = (one if x >= zero else e) / (one + e)
    elif activation == RELU:
        y = zero if x <= zero else x
    elif activation == HARD_SIGMOID:
        three, six = like(3.0, x), like(6.0, x)
        y = zero if x <= -three else (six if x >= three else x + three) / six
    elif activation == SOFTSIGN:
        y = x / (one + abs(x))
    elif activation == ELU:
        y = math.expm1(x) if x <= zero else x
    elif activation == SELU:
        y = like(L * A, x) * math.expm1(x) if x <= zero else like(L, x) * x
    elif activation == SOFTPLUS:
        y = (x if x > zero else zero) + math.log1p(math.exp(-abs(x)))
    return like(y, x)


@device
def slope(activation, y):
    """f'(x), from y = f(x)."""
    zero, one = like(0.0, y), like(1.0, y)
    d = one
    if activation == TANH:
        d = one - y * y
    elif activation == SIGMOID:
        d = y * (one - y)
    elif activation == RELU:
        d = one if y > zero else zero
    elif activation == HARD_SIGMOID:
        d = like(1.0 / 6.0, y) if zero < y < one else zero
    elif activation == SOFTSIGN:
        d = (one - abs(y)) * (one - abs(y))
    elif activation == ELU:
        d = y + one if y <= zero else one
    elif activation == SELU:
        d = y + like(L * A, y) if y <= zero else like(L, y)
    elif activation == SOFTPLUS:
        d = -math.expm1(-y)
    return like(d, y)
