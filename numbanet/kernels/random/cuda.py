"""numbanet.kernels.random: a thread has a block of four words."""

import math

import numpy as np
from numba import cuda

from .._cuda import ceil_div, device, store4
from .._cuda_elementwise import aligned
from .._cuda_kernel import THREADS, kernel
from .._cuda_philox import block


@kernel(
    grid=lambda seed, stream, step, out: ceil_div(out.size, 4 * THREADS),
    plan=lambda seed, stream, step, out: (aligned(out),),
)
def words(plan, seed, stream, step, out):
    b = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    # F1, F2
    w0, w1, w2, w3 = block(seed, stream, step, b)
    if plan[0] and 4 * b + 4 <= out.size:
        store4(out, 4 * b, w0, w1, w2, w3)
    else:
        _put(out, 4 * b, w0)
        _put(out, 4 * b + 1, w1)
        _put(out, 4 * b + 2, w2)
        _put(out, 4 * b + 3, w3)


@kernel(grid=lambda seed, stream, step, out: ceil_div(out.size, 2 * THREADS))
def uniform(seed, stream, step, out):
    b = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    w0, w1, w2, w3 = block(seed, stream, step, b)
    _put(out, 2 * b, _unit(w0, w1))
    _put(out, 2 * b + 1, _unit(w2, w3))


@kernel(grid=lambda seed, stream, step, out: ceil_div(out.size, 2 * THREADS))
def normal(seed, stream, step, out):
    b = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    w0, w1, w2, w3 = block(seed, stream, step, b)
    distance = math.sqrt(-2.0 * math.log(1.0 - _unit(w0, w1)))
    angle = 2.0 * math.pi * _unit(w2, w3)
    # F4, F5
    _put(out, 2 * b, distance * math.cos(angle))
    _put(out, 2 * b + 1, distance * math.sin(angle))


@device
def _unit(a, b):
    # F3
    return np.float64((np.uint64(a >> 5) << np.uint64(26)) + np.uint64(b >> 6)) * 2.0**-53


@device
def _put(out, i, value):
    if i < out.size:
        out[i] = value
