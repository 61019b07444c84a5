"""Activations, numbanet.kernels.activations, F1: functions of every element, whatever the shape."""

import math

import numpy as np


def relu(x):
    """max(x, 0)"""
    return np.maximum(x, 0)


def leaky_relu(x, alpha):
    """x where x > 0, else alpha x"""
    return np.where(x <= 0, alpha * x, x)


def elu(x, alpha):
    """x where x > 0, else alpha (e^x - 1)"""
    return np.where(x <= 0, alpha * np.expm1(np.minimum(x, 0)), x)


def elu_one(x):
    """elu with alpha = 1, as gates have it"""
    return elu(x, 1.0)


def selu(x):
    """L elu(x, A)"""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def gelu(x):
    """x Phi(x), Phi the normal distribution function: erfc(-x / sqrt(2)) / 2"""
    return x * np.asarray(0.5 * np.vectorize(math.erfc, otypes=[float])(-x / math.sqrt(2)), x.dtype)


def gelu_tanh(x):
    """x s(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3) and s the sigmoid"""
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))


def sigmoid(x):
    """1 / (1 + e^-x); the exponent is never positive, so that nothing overflows"""
    e = np.exp(-np.abs(x))
    return np.where(x > 0, 1, e) / (1 + e)


def tanh(x):
    """The hyperbolic tangent"""
    return np.tanh(x)


def softplus(x):
    """log(1 + e^x)"""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softsign(x):
    """x / (1 + |x|)"""
    return x / (1 + np.abs(x))


def silu(x):
    """x s(x), s the sigmoid"""
    return x * sigmoid(x)


def mish(x):
    """x tanh(softplus(x))"""
    return x * np.tanh(softplus(x))


def hard_sigmoid(x):
    """(x + 3) / 6, between 0 and 1"""
    return np.clip(x + 3, 0, 6) / 6


def linear(x):
    """x itself"""
    return x


def step(x):
    """1 where x >= 0, else 0; a NaN stays"""
    return np.heaviside(x, 1).astype(x.dtype)
