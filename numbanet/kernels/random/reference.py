"""The equations of numbanet.kernels.random as loops."""

import math

from .._jit import inline
from .._kernel import kernel
from .._philox import block


@inline
def _word(seed, stream, step, i):
    # F1
    return block(seed, stream, step, i // 4)[i % 4]


@inline
def _uniform(seed, stream, step, i):
    # F3
    a = _word(seed, stream, step, 2 * i) >> 5
    b = _word(seed, stream, step, 2 * i + 1) >> 6
    return (a * 2.0**26 + b) / 2.0**53


@kernel()
def words(seed, stream, step, out):
    for i in range(out.size):
        # F2
        out[i] = _word(seed, stream, step, i)


@kernel()
def uniform(seed, stream, step, out):
    for i in range(out.size):
        out[i] = _uniform(seed, stream, step, i)


@kernel()
def normal(seed, stream, step, out):
    for i in range(out.size):
        first = i - i % 2
        distance = math.sqrt(-2.0 * math.log(1.0 - _uniform(seed, stream, step, first)))
        angle = 2.0 * math.pi * _uniform(seed, stream, step, first + 1)
        # F4, F5
        out[i] = distance * math.cos(angle) if i == first else distance * math.sin(angle)
