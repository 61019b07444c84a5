"""The activations that recurrent layers choose from, for one number and for a line of them.

A kernel takes an activation as its place in NAMES. Each derivative is a function of the value y = f(x), so that a
recurrent layer need not keep x. Functions and sources: numbanet.kernels.activations; elu has alpha = 1.
"""

import math

import numpy as np

from ._jit import apart, inline, like
from ._math import sigmoid as _sigmoid
from ._math import tanh as _tanh

NAMES = ("tanh", "sigmoid", "relu", "linear", "hard_sigmoid", "softsign", "elu", "selu", "softplus")
TANH, SIGMOID, RELU, LINEAR, HARD_SIGMOID, SOFTSIGN, ELU, SELU, SOFTPLUS = range(len(NAMES))
L, A = 1.0507009873554805, 1.6732632423543772


@inline
def value(activation, x):
    """The textbook's f(x)."""
    if activation == TANH:
        return math.tanh(x)
    if activation == SIGMOID:
        return 1.0 / (1.0 + math.exp(-x)) if x >= 0.0 else math.exp(x) / (1.0 + math.exp(x))
    if activation == RELU:
        return 0.0 if x <= 0.0 else x
    if activation == HARD_SIGMOID:
        return min(max(x + 3.0, 0.0), 6.0) / 6.0
    if activation == SOFTSIGN:
        return x / (1.0 + abs(x))
    if activation == ELU:
        return math.expm1(x) if x <= 0.0 else x
    if activation == SELU:
        return L * A * math.expm1(x) if x <= 0.0 else L * x
    if activation == SOFTPLUS:
        return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
    return x + 0.0


@inline
def slope(activation, y):
    """The textbook's f'(x), from y = f(x)."""
    if activation == TANH:
        return 1.0 - y * y
    if activation == SIGMOID:
        return y * (1.0 - y)
    if activation == RELU:
        return 1.0 if y > 0.0 else 0.0
    if activation == HARD_SIGMOID:
        return 1.0 / 6.0 if 0.0 < y < 1.0 else 0.0
    if activation == SOFTSIGN:
        return (1.0 - abs(y)) * (1.0 - abs(y))
    if activation == ELU:
        return y + 1.0 if y <= 0.0 else 1.0
    if activation == SELU:
        return y + L * A if y <= 0.0 else L
    if activation == SOFTPLUS:
        return -math.expm1(-y)
    return 1.0


@apart
def activate(activation, line):
    """Line = f(line)."""
    if activation == TANH:
        for i in range(line.size):
            line[i] = _tanh(line[i])
    elif activation == SIGMOID:
        for i in range(line.size):
            line[i] = _sigmoid(line[i])
    elif activation != LINEAR:
        _activate_rarely(activation, line)


@apart
def _activate_rarely(activation, line):
    zero, one = like(0.0, line), like(1.0, line)
    if activation == RELU:
        for i in range(line.size):
            line[i] = zero if line[i] <= zero else line[i]
    elif activation == HARD_SIGMOID:
        three, six = like(3.0, line), like(6.0, line)
        for i in range(line.size):
            line[i] = min(max(line[i] + three, zero), six) / six
    elif activation == SOFTSIGN:
        for i in range(line.size):
            line[i] = line[i] / (one + abs(line[i]))
    else:
        for i in range(line.size):
            line[i] = like(value(activation, np.float64(line[i])), line)


@apart
def times_slope(activation, y, line):
    """Line = line f', from y = f(x), for a line as long as y."""
    one = like(1.0, line)
    if activation == TANH:
        for i in range(line.size):
            line[i] *= one - y[i] * y[i]
    elif activation == SIGMOID:
        for i in range(line.size):
            line[i] *= y[i] * (one - y[i])
    elif activation != LINEAR:
        for i in range(line.size):
            line[i] *= like(slope(activation, np.float64(y[i])), line)
