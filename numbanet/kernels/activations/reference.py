"""The equations of numbanet.kernels.activations as loops."""

import math

from .._jit import inline
from .._kernel import kernel

L, A = 1.0507009873554805, 1.6732632423543772
SQRT_2, SQRT_2PI, SQRT_2_OVER_PI = math.sqrt(2.0), math.sqrt(2.0 * math.pi), math.sqrt(2.0 / math.pi)


@kernel()
def relu(x, y):
    for i in range(x.size):
        y[i] = 0.0 if x[i] <= 0.0 else x[i]


@kernel()
def relu_backward(dy, x, y, dx):
    for i in range(x.size):
        dx[i] = dy[i] * _piecewise(x[i], 1.0, 0.0)


@kernel()
def relu_in_place(y):
    for i in range(y.size):
        y[i] = 0.0 if y[i] <= 0.0 else y[i]


@kernel()
def relu_in_place_backward(y, dy):
    for i in range(y.size):
        dy[i] *= _piecewise(y[i], 1.0, 0.0)


@kernel()
def leaky_relu(x, alpha, y):
    for i in range(x.size):
        y[i] = alpha * x[i] if x[i] <= 0.0 else x[i]


@kernel()
def leaky_relu_backward(dy, x, y, alpha, dx):
    for i in range(x.size):
        dx[i] = dy[i] * _piecewise(x[i], 1.0, alpha)


@kernel()
def elu(x, alpha, y):
    for i in range(x.size):
        y[i] = alpha * math.expm1(x[i]) if x[i] <= 0.0 else x[i]


@kernel()
def elu_backward(dy, x, y, alpha, dx):
    for i in range(x.size):
        dx[i] = dy[i] * (1.0 if x[i] > 0.0 else y[i] + alpha)


@kernel()
def selu(x, y):
    for i in range(x.size):
        y[i] = L * A * math.expm1(x[i]) if x[i] <= 0.0 else L * x[i]


@kernel()
def selu_backward(dy, x, y, dx):
    for i in range(x.size):
        dx[i] = dy[i] * (L if x[i] > 0.0 else y[i] + L * A)


@kernel()
def gelu(x, y):
    for i in range(x.size):
        y[i] = x[i] * _normal_cdf(x[i])


@kernel()
def gelu_backward(dy, x, y, dx):
    for i in range(x.size):
        density = math.exp(-x[i] * x[i] / 2.0) / SQRT_2PI
        dx[i] = dy[i] * (_normal_cdf(x[i]) + x[i] * density)


@kernel()
def gelu_tanh(x, y):
    for i in range(x.size):
        u = SQRT_2_OVER_PI * (x[i] + 0.044715 * x[i] ** 3)
        y[i] = x[i] * _sigmoid(2.0 * u)


@kernel()
def gelu_tanh_backward(dy, x, y, dx):
    for i in range(x.size):
        u = SQRT_2_OVER_PI * (x[i] + 0.044715 * x[i] ** 3)
        du = SQRT_2_OVER_PI * (1.0 + 3.0 * 0.044715 * x[i] ** 2)
        s = _sigmoid(2.0 * u)
        dx[i] = dy[i] * (s + 2.0 * x[i] * s * (1.0 - s) * du)


@kernel()
def sigmoid(x, y):
    for i in range(x.size):
        y[i] = _sigmoid(x[i])


@kernel()
def sigmoid_backward(dy, x, y, dx):
    for i in range(x.size):
        dx[i] = dy[i] * y[i] * (1.0 - y[i])


@kernel()
def tanh(x, y):
    for i in range(x.size):
        y[i] = math.tanh(x[i])


@kernel()
def tanh_backward(dy, x, y, dx):
    for i in range(x.size):
        dx[i] = dy[i] * (1.0 - y[i] * y[i])


@kernel()
def softplus(x, y):
    for i in range(x.size):
        y[i] = _softplus(x[i])


@kernel()
def softplus_backward(dy, x, y, dx):
    for i in range(x.size):
        dx[i] = dy[i] * _sigmoid(x[i])


@kernel()
def softsign(x, y):
    for i in range(x.size):
        y[i] = x[i] / (1.0 + abs(x[i]))


@kernel()
def softsign_backward(dy, x, y, dx):
    for i in range(x.size):
        dx[i] = dy[i] / (1.0 + abs(x[i])) ** 2


@kernel()
def silu(x, y):
    for i in range(x.size):
        y[i] = x[i] * _sigmoid(x[i])


@kernel()
def silu_backward(dy, x, y, dx):
    for i in range(x.size):
        s = _sigmoid(x[i])
        dx[i] = dy[i] * (s + y[i] * (1.0 - s))


@kernel()
def mish(x, y):
    for i in range(x.size):
        y[i] = x[i] * math.tanh(_softplus(x[i]))


@kernel()
def mish_backward(dy, x, y, dx):
    for i in range(x.size):
        t = math.tanh(_softplus(x[i]))
        dx[i] = dy[i] * (t + x[i] * _sigmoid(x[i]) * (1.0 - t * t))


@kernel()
def hard_sigmoid(x, y):
    for i in range(x.size):
        if x[i] <= -3.0:
            y[i] = 0.0
        elif x[i] >= 3.0:
            y[i] = 1.0
        else:
            y[i] = (x[i] + 3.0) / 6.0


@kernel()
def hard_sigmoid_backward(dy, x, y, dx):
    for i in range(x.size):
        dx[i] = dy[i] * _piecewise(3.0 - abs(x[i]), 1.0 / 6.0, 0.0)


@kernel()
def linear(x, y):
    for i in range(x.size):
        y[i] = x[i]


@kernel()
def linear_backward(dy, x, y, dx):
    for i in range(x.size):
        dx[i] = dy[i]


@kernel()
def step(x, y):
    for i in range(x.size):
        y[i] = _piecewise(-x[i], 0.0, 1.0)


@kernel()
def step_backward(dy, x, y, dx):
    for i in range(x.size):
        dx[i] = dy[i] * 0.0


@inline
def _piecewise(x, above, below):
    """`above` where x > 0 and `below` where x <= 0; NaN where x is neither."""
    return above if x > 0.0 else (below if x <= 0.0 else x)


@inline
def _sigmoid(x):
    """1 / (1 + e^-x); the exponent is never positive, so that nothing overflows."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x > 0.0 else e / (1.0 + e)


@inline
def _softplus(x):
    """log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)"""
    return (0.0 if x <= 0.0 else x) + math.log1p(math.exp(-abs(x)))


@inline
def _normal_cdf(x):
    """Phi(x), as erfc because 1 + erf has no digits left where x is far below 0."""
    return 0.5 * math.erfc(-x / SQRT_2)
