"""numbanet.kernels.activations in chunks of vectorised loops; no function here calls libm.

The equations that differ in form from the contract's: mish, whose tanh(log(1 + e)) with e = e^x is the ratio
e (e + 2) / (e (e + 2) + 2); softplus and gelu, which fold their argument so that nothing overflows or cancels.
"""

import math

from .._jit import inline, like
from .._kernel import kernel
from .._math import exp
from .._math import sigmoid as _sigmoid
from .._math import tanh as _tanh
from .._special import expm1, gaussian, log1p, normal_cdf

CHUNK = 16384  # elements of a task: 2 to 15 us
L, A = 1.0507009873554805, 1.6732632423543772
SQRT_2_OVER_PI, ONE_OVER_SQRT_2PI = math.sqrt(2.0 / math.pi), 1.0 / math.sqrt(2.0 * math.pi)
SATURATED = 20.0  # mish(x) = x from here on: 1 - 2 / (e^20 + 1)^2 is 1 in float64


def _chunks(x, *others):
    return -(-x.size // CHUNK)


@inline
def _part(task, x):
    # A slice, whose indices Numba knows not to be negative: 0.11 ns instead of 0.42 an element of relu in float32
    # (November 2026, Xeon with AVX-512)
    return x[task * CHUNK : min(x.size, (task + 1) * CHUNK)]


@kernel(tasks=_chunks)
def relu(task, x, y):
    x, y = _part(task, x), _part(task, y)
    zero = like(0.0, y)
    for i in range(y.size):
        y[i] = zero if x[i] <= zero else x[i]


@kernel(tasks=_chunks)
def relu_backward(task, dy, x, y, dx):
    dy, x, dx = _part(task, dy), _part(task, x), _part(task, dx)
    zero, one = like(0.0, dx), like(1.0, dx)
    for i in range(dx.size):
        dx[i] = dy[i] * _piecewise(x[i], one, zero)


@kernel(tasks=_chunks)
def relu_in_place(task, y):
    y = _part(task, y)
    zero = like(0.0, y)
    for i in range(y.size):
        y[i] = zero if y[i] <= zero else y[i]


@kernel(tasks=_chunks)
def relu_in_place_backward(task, y, dy):
    y, dy = _part(task, y), _part(task, dy)
    zero, one = like(0.0, y), like(1.0, y)
    for i in range(y.size):
        dy[i] *= _piecewise(y[i], one, zero)


@kernel(tasks=_chunks)
def leaky_relu(task, x, alpha, y):
    x, y = _part(task, x), _part(task, y)
    zero, a = like(0.0, y), like(alpha, y)
    for i in range(y.size):
        y[i] = a * x[i] if x[i] <= zero else x[i]


@kernel(tasks=_chunks)
def leaky_relu_backward(task, dy, x, y, alpha, dx):
    dy, x, dx = _part(task, dy), _part(task, x), _part(task, dx)
    one, a = like(1.0, dx), like(alpha, dx)
    for i in range(dx.size):
        dx[i] = dy[i] * _piecewise(x[i], one, a)


@kernel(tasks=_chunks)
def elu(task, x, alpha, y):
    x, y = _part(task, x), _part(task, y)
    zero, a = like(0.0, y), like(alpha, y)
    for i in range(y.size):
        y[i] = a * expm1(x[i]) if x[i] <= zero else x[i]


@kernel(tasks=_chunks)
def elu_backward(task, dy, x, y, alpha, dx):
    dy, x, y, dx = _part(task, dy), _part(task, x), _part(task, y), _part(task, dx)
    zero, one, a = like(0.0, dx), like(1.0, dx), like(alpha, dx)
    for i in range(dx.size):
        dx[i] = dy[i] * (one if x[i] > zero else y[i] + a)


@kernel(tasks=_chunks)
def selu(task, x, y):
    x, y = _part(task, x), _part(task, y)
    zero, scale, saturation = like(0.0, y), like(L, y), like(L * A, y)
    for i in range(y.size):
        y[i] = saturation * expm1(x[i]) if x[i] <= zero else scale * x[i]


@kernel(tasks=_chunks)
def selu_backward(task, dy, x, y, dx):
    dy, x, y, dx = _part(task, dy), _part(task, x), _part(task, y), _part(task, dx)
    zero, scale, saturation = like(0.0, dx), like(L, dx), like(L * A, dx)
    for i in range(dx.size):
        dx[i] = dy[i] * (scale if x[i] > zero else y[i] + saturation)


@kernel(tasks=_chunks)
def gelu(task, x, y):
    x, y = _part(task, x), _part(task, y)
    for i in range(y.size):
        y[i] = x[i] * normal_cdf(x[i], gaussian(x[i]))


@kernel(tasks=_chunks)
def gelu_backward(task, dy, x, y, dx):
    dy, x, dx = _part(task, dy), _part(task, x), _part(task, dx)
    height = like(ONE_OVER_SQRT_2PI, dx)
    for i in range(dx.size):
        e = gaussian(x[i])
        dx[i] = dy[i] * (normal_cdf(x[i], e) + x[i] * e * height)


@kernel(tasks=_chunks)
def gelu_tanh(task, x, y):
    x, y = _part(task, x), _part(task, y)
    two = like(2.0, y)
    for i in range(y.size):
        y[i] = x[i] * _sigmoid(two * _gelu_argument(x[i]))


@kernel(tasks=_chunks)
def gelu_tanh_backward(task, dy, x, y, dx):
    dy, x, dx = _part(task, dy), _part(task, x), _part(task, dx)
    one, two = like(1.0, dx), like(2.0, dx)
    for i in range(dx.size):
        s = _sigmoid(two * _gelu_argument(x[i]))
        dx[i] = dy[i] * (s + x[i] * s * (one - s) * two * _gelu_slope(x[i]))


@kernel(tasks=_chunks)
def sigmoid(task, x, y):
    x, y = _part(task, x), _part(task, y)
    for i in range(y.size):
        y[i] = _sigmoid(x[i])


@kernel(tasks=_chunks)
def sigmoid_backward(task, dy, x, y, dx):
    dy, y, dx = _part(task, dy), _part(task, y), _part(task, dx)
    one = like(1.0, dx)
    for i in range(dx.size):
        dx[i] = dy[i] * y[i] * (one - y[i])


@kernel(tasks=_chunks)
def tanh(task, x, y):
    x, y = _part(task, x), _part(task, y)
    for i in range(y.size):
        y[i] = _tanh(x[i])


@kernel(tasks=_chunks)
def tanh_backward(task, dy, x, y, dx):
    dy, y, dx = _part(task, dy), _part(task, y), _part(task, dx)
    one = like(1.0, dx)
    for i in range(dx.size):
        dx[i] = dy[i] * (one - y[i] * y[i])


@kernel(tasks=_chunks)
def softplus(task, x, y):
    x, y = _part(task, x), _part(task, y)
    zero = like(0.0, y)
    for i in range(y.size):
        y[i] = (zero if x[i] < zero else x[i]) + log1p(exp(-abs(x[i])))


@kernel(tasks=_chunks)
def softplus_backward(task, dy, x, y, dx):
    dy, x, dx = _part(task, dy), _part(task, x), _part(task, dx)
    for i in range(dx.size):
        dx[i] = dy[i] * _sigmoid(x[i])


@kernel(tasks=_chunks)
def softsign(task, x, y):
    x, y = _part(task, x), _part(task, y)
    one = like(1.0, y)
    for i in range(y.size):
        y[i] = x[i] / (one + abs(x[i]))


@kernel(tasks=_chunks)
def softsign_backward(task, dy, x, y, dx):
    dy, x, dx = _part(task, dy), _part(task, x), _part(task, dx)
    one = like(1.0, dx)
    for i in range(dx.size):
        slope = one / (one + abs(x[i]))
        dx[i] = dy[i] * slope * slope


@kernel(tasks=_chunks)
def silu(task, x, y):
    x, y = _part(task, x), _part(task, y)
    for i in range(y.size):
        y[i] = x[i] * _sigmoid(x[i])


@kernel(tasks=_chunks)
def silu_backward(task, dy, x, y, dx):
    dy, x, y, dx = _part(task, dy), _part(task, x), _part(task, y), _part(task, dx)
    one = like(1.0, dx)
    for i in range(dx.size):
        s = _sigmoid(x[i])
        dx[i] = dy[i] * (s + y[i] * (one - s))


@kernel(tasks=_chunks)
def mish(task, x, y):
    x, y = _part(task, x), _part(task, y)
    two, limit = like(2.0, y), like(SATURATED, y)
    for i in range(y.size):
        e = exp(limit if x[i] > limit else x[i])
        n = e * (e + two)
        y[i] = x[i] * (n / (n + two))


@kernel(tasks=_chunks)
def mish_backward(task, dy, x, y, dx):
    dy, x, dx = _part(task, dy), _part(task, x), _part(task, dx)
    one, two, four, limit = like(1.0, dx), like(2.0, dx), like(4.0, dx), like(SATURATED, dx)
    for i in range(dx.size):
        z = limit if x[i] > limit else x[i]
        e = exp(z)
        n = e * (e + two)
        d = one / (n + two)
        # s(x) (1 - t^2) with s(x) = e / (1 + e) and t = n d, where n + 1 = (1 + e)^2
        dx[i] = dy[i] * (n * d + four * z * e * (one + e) * d * d)


@kernel(tasks=_chunks)
def hard_sigmoid(task, x, y):
    x, y = _part(task, x), _part(task, y)
    zero, three, six, sixth = like(0.0, y), like(3.0, y), like(6.0, y), like(1.0 / 6.0, y)
    for i in range(y.size):
        r = x[i] + three
        r = zero if r < zero else r
        y[i] = (six if r > six else r) * sixth


@kernel(tasks=_chunks)
def hard_sigmoid_backward(task, dy, x, y, dx):
    dy, x, dx = _part(task, dy), _part(task, x), _part(task, dx)
    zero, three, sixth = like(0.0, dx), like(3.0, dx), like(1.0 / 6.0, dx)
    for i in range(dx.size):
        dx[i] = dy[i] * _piecewise(three - abs(x[i]), sixth, zero)


@kernel(tasks=_chunks)
def linear(task, x, y):
    x, y = _part(task, x), _part(task, y)
    for i in range(y.size):
        y[i] = x[i]


@kernel(tasks=_chunks)
def linear_backward(task, dy, x, y, dx):
    dy, dx = _part(task, dy), _part(task, dx)
    for i in range(dx.size):
        dx[i] = dy[i]


@kernel(tasks=_chunks)
def step(task, x, y):
    x, y = _part(task, x), _part(task, y)
    zero, one = like(0.0, y), like(1.0, y)
    for i in range(y.size):
        y[i] = _piecewise(-x[i], zero, one)


@kernel(tasks=_chunks)
def step_backward(task, dy, x, y, dx):
    dy, dx = _part(task, dy), _part(task, dx)
    zero = like(0.0, dx)
    for i in range(dx.size):
        dx[i] = dy[i] * zero


@inline
def _gelu_argument(x):
    return like(SQRT_2_OVER_PI, x) * (x + like(0.044715, x) * x * x * x)


@inline
def _gelu_slope(x):
    return like(SQRT_2_OVER_PI, x) * (like(1.0, x) + like(3.0 * 0.044715, x) * x * x)


@inline
def _piecewise(x, above, below):
    """`above` where x > 0 and `below` where x <= 0; NaN where x is neither."""
    zero = like(0.0, x)
    return above if x > zero else (below if x <= zero else x)
