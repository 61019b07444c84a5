"""numbanet.kernels.standardization, a thread for an element: neighbours have neighbouring features, or the same one."""

import math

from numba import cuda

from .._cuda import ceil_div, device, divide, like, load, store
from .._cuda_kernel import THREADS, kernel


@device
def _feature(a):
    """This thread's element, and its feature."""
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    return i, divide(divide(i, a.shape[2])[0], a.shape[1])[1]


@device
def _deviation(variance, c, epsilon):
    # F1
    s, least = math.sqrt(load(variance, c)), like(epsilon, variance)
    return least if s < least else s


@kernel(grid=lambda x, mean, variance, epsilon, y: ceil_div(y.size, THREADS))
def forward(x, mean, variance, epsilon, y):
    i, c = _feature(y)
    if i < y.size:
        # F2
        store(y, i, (load(x, i) - load(mean, c)) / _deviation(variance, c, epsilon))


@kernel(grid=lambda dy, variance, epsilon, dx: ceil_div(dx.size, THREADS))
def backward(dy, variance, epsilon, dx):
    i, c = _feature(dx)
    if i < dx.size:
        # B1
        store(dx, i, load(dy, i) / _deviation(variance, c, epsilon))


@kernel(grid=lambda x, mean, variance, epsilon, y: ceil_div(y.size, THREADS))
def inverse(x, mean, variance, epsilon, y):
    i, c = _feature(y)
    if i < y.size:
        # F3
        store(y, i, load(x, i) * _deviation(variance, c, epsilon) + load(mean, c))


@kernel(grid=lambda dy, variance, epsilon, dx: ceil_div(dx.size, THREADS))
def inverse_backward(dy, variance, epsilon, dx):
    i, c = _feature(dx)
    if i < dx.size:
        # B2
        store(dx, i, load(dy, i) * _deviation(variance, c, epsilon))
