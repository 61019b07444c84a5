"""Functions that loops can vectorise, as in _math: expm1 (ELU), log1p (softplus), the normal distribution (GELU).

Each covers the domain that its kernel needs, and no more; NaN comes out as NaN. Largest errors, in units in the last
place, over 2 million points, or 24,000 of normal_cdf in float64 (tests/kernels/test_math.py measures them):

    float32: expm1 1.7, log1p 2.9, gaussian 1.7, normal_cdf 4.9
    float64: expm1 1.6, log1p 2.9, gaussian 1.7, normal_cdf 4.9

Source: Taylor's series, and for normal_cdf the variable of Schonfelder, Chebyshev expansions for the error and related
functions, Mathematics of Computation 32 (1978): e^(a^2/2) Phi(-a) (a + k) is a polynomial in u = (a - k) / (a + k),
here the one that interpolates it at the Chebyshev nodes, solved for in 40 digits.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from ._jit import DIVIDE, EXACT
from ._math import _bits, _float, exp

f32, f64 = np.float32, np.float64


def _coefficients(values):
    """Those of a polynomial, lowest first, in both types and in the order of Horner's scheme."""
    return tuple(map(f32, values[::-1])), tuple(map(f64, values[::-1]))


def _horner(x, coefficients):
    total = coefficients[0]
    for k in range(1, len(coefficients)):
        total = total * x + coefficients[k]
    return total


@overload(_horner, jit_options=EXACT)
def _(x, coefficients):
    return _horner


def minus(a, b):
    """A - b, in this order: reassoc would make (x - m) - b of a row x - (m + b), and lose b where m is large."""
    return a - b


@overload(minus, jit_options=EXACT)
def _minus(a, b):
    return minus


# (e^x - 1) / x = 1 + x/2! + x^2/3! + ..; the remainder at 0.7 is 1e-8 of it, and 1e-17
EXPM1_32, _ = _coefficients([1.0 / math.factorial(k) for k in range(1, 10)])
_, EXPM1_64 = _coefficients([1.0 / math.factorial(k) for k in range(1, 17)])
NEAR_32, NEAR_64 = f32(0.7), f64(0.7)  # farther out e^x < 1/2, and subtracting 1 magnifies no error
ONE_32, ONE_64 = f32(1.0), f64(1.0)


def _expm1_32(x):
    large = exp(x) - ONE_32
    return large if x < -NEAR_32 else _horner(x, EXPM1_32) * x


def _expm1_64(x):
    large = exp(x) - ONE_64
    return large if x < -NEAR_64 else _horner(x, EXPM1_64) * x


def expm1(x):
    """E to the x, less 1, for x <= 0, in the type of x."""
    return np.expm1(np.minimum(x, x.dtype.type(0.0)))


@overload(expm1, jit_options=EXACT)
def _expm1(x):
    return _expm1_32 if x == types.float32 else _expm1_64


# log((1 + s) / (1 - s)) / s = 2 (1 + s^2/3 + s^4/5 + ..); the remainder at s = 1/3 is 1e-8 of it, and 2e-17
LOG1P_32, _ = _coefficients([2.0 / (2 * k + 1) for k in range(7)])
_, LOG1P_64 = _coefficients([2.0 / (2 * k + 1) for k in range(16)])
TWO_32, TWO_64 = f32(2.0), f64(2.0)


def _log1p_32(x):
    s = x / (TWO_32 + x)
    return _horner(s * s, LOG1P_32) * s


def _log1p_64(x):
    s = x / (TWO_64 + x)
    return _horner(s * s, LOG1P_64) * s


def log1p(x):
    """The logarithm of 1 + x, for 0 <= x <= 1, in the type of x."""
    return np.log1p(x)


@overload(log1p, jit_options=EXACT)
def _log1p(x):
    return _log1p_32 if x == types.float32 else _log1p_64


# A rounded square in the exponent would cost x^2/2 units in the last place. So x = h + l, where h has half the bits
# and an exact square, and x^2 = h^2 + l (x + h).
HALF_32, HALF_64 = f32(0.5), f64(0.5)
FAR_32, FAR_64 = f32(15.0), f64(40.0)  # e^(-x^2/2) is 0 from here on
UPPER_32, UPPER_64 = np.int32(-1 << 12), np.int64(-1 << 27)  # masks


def _gaussian_32(x):
    x = abs(x)
    x = FAR_32 if x > FAR_32 else x
    h = _float(np.int32(_bits(x) & UPPER_32))
    e, r = exp(-HALF_32 * h * h), -HALF_32 * ((x - h) * (x + h))
    return e + e * (_horner(r, EXPM1_32) * r)


def _gaussian_64(x):
    x = abs(x)
    x = FAR_64 if x > FAR_64 else x
    h = _float(_bits(x) & UPPER_64)
    e, r = exp(-HALF_64 * h * h), -HALF_64 * ((x - h) * (x + h))
    return e + e * (_horner(r, EXPM1_64) * r)


def gaussian(x):
    """E to the -x^2/2, in the type of x."""
    return np.exp(x.dtype.type(-0.5) * x * x)


@overload(gaussian, jit_options=EXACT)
def _gaussian(x):
    return _gaussian_32 if x == types.float32 else _gaussian_64


CENTRE_32, CENTRE_64 = f32(4.0), f64(3.5)  # k
# relative error 1.3e-8; and 1.1e-17, in two halves (even and odd powers), because LLVM does not unroll 24 terms
MILLS_32, _ = _coefficients(
    [
        0.7552851386,
        -0.6078965941,
        0.3871366831,
        -0.1865233068,
        0.06040618551,
        -0.007525402418,
        -0.003520972824,
        0.001566881688,
        0.0001889965194,
        -0.0001255583856,
    ]
)
_, EVEN_64 = _coefficients(
    [
        0.744416075435938127,
        0.315424969887952625,
        0.0174078326020407112,
        -0.00318910104809817756,
        0.000476657098430718486,
        -0.0000755846298211508521,
        0.0000115064837883509981,
        -1.16459048287484466e-6,
        -1.44000018390043671e-7,
        1.24786981570692339e-7,
        -3.68753623117201928e-8,
        5.05115708775665231e-9,
    ]
)
_, ODD_64 = _coefficients(
    [
        -0.565561816053778964,
        -0.116050928714080739,
        0.0064762189199367695,
        -0.000445012950801092802,
        0.0000670332360395135533,
        -0.0000187889087265503971,
        5.65191632495310026e-6,
        -1.47909488548679628e-6,
        2.94180836359203516e-7,
        -2.9785973435586878e-8,
        -4.10849865001056469e-9,
        1.56611361442048799e-9,
    ]
)
ZERO_32, ZERO_64 = f32(0.0), f64(0.0)


def _normal_cdf_32(x, density):
    a = abs(x)
    a = FAR_32 if a > FAR_32 else a
    u = (a - CENTRE_32) / (a + CENTRE_32)
    tail = density * _horner(u, MILLS_32) / (a + CENTRE_32)
    return ONE_32 - tail if x > ZERO_32 else tail


def _normal_cdf_64(x, density):
    a = abs(x)
    a = FAR_64 if a > FAR_64 else a
    u = (a - CENTRE_64) / (a + CENTRE_64)
    tail = density * (_horner(u * u, EVEN_64) + _horner(u * u, ODD_64) * u) / (a + CENTRE_64)
    return ONE_64 - tail if x > ZERO_64 else tail


def normal_cdf(x, density):
    """The probability Phi(x) of a standard normal variable below x, given density = gaussian(x), in the type of x."""
    return x.dtype.type(0.5 * math.erfc(-x / math.sqrt(2.0)))


@overload(normal_cdf, jit_options=DIVIDE)
def _normal_cdf(x, density):
    return _normal_cdf_32 if x == types.float32 else _normal_cdf_64
