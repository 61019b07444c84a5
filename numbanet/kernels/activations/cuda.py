"""numbanet.kernels.activations, an element at a time; the functions of numbers are those of NVIDIA's libdevice.

One equation differs in form from the contract's: mish's tanh(log(1 + e)) with e = e^x is e (e + 2) / (e (e + 2) + 2).
"""

import math

from .._cuda import device, like
from .._cuda_elementwise import elementwise

L, A = 1.0507009873554805, 1.6732632423543772
SQRT_HALF, SQRT_2_OVER_PI, ONE_OVER_SQRT_2PI = math.sqrt(0.5), math.sqrt(2.0 / math.pi), 1.0 / math.sqrt(2.0 * math.pi)
SATURATED = 20.0  # mish(x) = x from here on: 1 - 2 / (e^20 + 1)^2 is 1 in float64


@elementwise()
def relu(x, y):
    return like(0.0, x) if x <= like(0.0, x) else x


@elementwise()
def relu_backward(dy, x, y, dx):
    return dy * _piecewise(x, like(1.0, x), like(0.0, x))


@elementwise()
def relu_in_place(y):
    return like(0.0, y) if y <= like(0.0, y) else y


@elementwise()
def relu_in_place_backward(y, dy):
    return dy * _piecewise(y, like(1.0, y), like(0.0, y))


@elementwise()
def leaky_relu(x, alpha, y):
    return like(alpha, x) * x if x <= like(0.0, x) else x


@elementwise()
def leaky_relu_backward(dy, x, y, alpha, dx):
    return dy * _piecewise(x, like(1.0, x), like(alpha, x))


@elementwise()
def elu(x, alpha, y):
    return like(alpha, x) * math.expm1(x) if x <= like(0.0, x) else x


@elementwise()
def elu_backward(dy, x, y, alpha, dx):
    return dy * (like(1.0, x) if x > like(0.0, x) else y + like(alpha, x))


@elementwise()
def selu(x, y):
    return like(L * A, x) * math.expm1(x) if x <= like(0.0, x) else like(L, x) * x


@elementwise()
def selu_backward(dy, x, y, dx):
    return dy * (like(L, x) if x > like(0.0, x) else y + like(L * A, x))


@elementwise()
def gelu(x, y):
    return x * _normal_cdf(x)


@elementwise()
def gelu_backward(dy, x, y, dx):
    density = math.exp(like(-0.5, x) * x * x) * like(ONE_OVER_SQRT_2PI, x)
    return dy * (_normal_cdf(x) + x * density)


@elementwise()
def gelu_tanh(x, y):
    u = like(SQRT_2_OVER_PI, x) * (x + like(0.044715, x) * x * x * x)
    return x * _sigmoid(like(2.0, x) * u)


@elementwise()
def gelu_tanh_backward(dy, x, y, dx):
    one, two = like(1.0, x), like(2.0, x)
    u = like(SQRT_2_OVER_PI, x) * (x + like(0.044715, x) * x * x * x)
    du = like(SQRT_2_OVER_PI, x) * (one + like(3.0 * 0.044715, x) * x * x)
    s = _sigmoid(two * u)
    return dy * (s + two * x * s * (one - s) * du)


@elementwise()
def sigmoid(x, y):
    return _sigmoid(x)


@elementwise()
def sigmoid_backward(dy, x, y, dx):
    return dy * y * (like(1.0, y) - y)


@elementwise()
def tanh(x, y):
    return math.tanh(x)


@elementwise()
def tanh_backward(dy, x, y, dx):
    return dy * (like(1.0, y) - y * y)


@elementwise()
def softplus(x, y):
    # log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
    zero = like(0.0, x)
    return (zero if x < zero else x) + math.log1p(math.exp(-abs(x)))


@elementwise()
def softplus_backward(dy, x, y, dx):
    return dy * _sigmoid(x)


@elementwise()
def softsign(x, y):
    return x / (like(1.0, x) + abs(x))


@elementwise()
def softsign_backward(dy, x, y, dx):
    slope = like(1.0, x) / (like(1.0, x) + abs(x))
    return dy * slope * slope


@elementwise()
def silu(x, y):
    return x * _sigmoid(x)


@elementwise()
def silu_backward(dy, x, y, dx):
    s = _sigmoid(x)
    return dy * (s + y * (like(1.0, x) - s))


@elementwise()
def mish(x, y):
    two, limit = like(2.0, x), like(SATURATED, x)
    e = math.exp(limit if x > limit else x)
    n = e * (e + two)
    return x * (n / (n + two))


@elementwise()
def mish_backward(dy, x, y, dx):
    one, two, four, limit = like(1.0, x), like(2.0, x), like(4.0, x), like(SATURATED, x)
    z = limit if x > limit else x
    e = math.exp(z)
    n = e * (e + two)
    d = one / (n + two)
    # s(x) (1 - t^2) with s(x) = e / (1 + e) and t = n d, where n + 1 = (1 + e)^2
    return dy * (n * d + four * z * e * (one + e) * d * d)


@elementwise()
def hard_sigmoid(x, y):
    zero, six = like(0.0, x), like(6.0, x)
    r = x + like(3.0, x)
    r = zero if r < zero else r
    return (six if r > six else r) * like(1.0 / 6.0, x)


@elementwise()
def hard_sigmoid_backward(dy, x, y, dx):
    return dy * _piecewise(like(3.0, x) - abs(x), like(1.0 / 6.0, x), like(0.0, x))


@elementwise()
def linear(x, y):
    return x


@elementwise()
def linear_backward(dy, x, y, dx):
    return dy


@elementwise()
def step(x, y):
    return _piecewise(-x, like(0.0, x), like(1.0, x))


@elementwise()
def step_backward(dy, x, y, dx):
    return dy * like(0.0, dy)


@device
def _piecewise(x, above, below):
    """`above` where x > 0 and `below` where x <= 0; NaN where x is neither."""
    zero = like(0.0, x)
    return above if x > zero else (below if x <= zero else x)


@device
def _sigmoid(x):
    """1 / (1 + e^-x); the exponent is never positive, so that nothing overflows."""
    one = like(1.0, x)
    e = math.exp(-abs(x))
    r = one / (one + e)
    return r if x > like(0.0, x) else e * r


@device
def _normal_cdf(x):
    """Phi(x), as erfc because 1 + erf has no digits left where x is far below 0."""
    return like(0.5, x) * math.erfc(like(-SQRT_HALF, x) * x)
