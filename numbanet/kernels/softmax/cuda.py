"""numbanet.kernels.softmax: a few lanes walk over a row (numbanet.kernels._cuda_rows), which stays in the L1 cache."""

import math

from numba import cuda

from .._cuda import device, like, load
from .._cuda_rows import MOST, largest, row_max, row_of_thread, row_sum, rows, summed, written


@device
def _exponential(i, x, m):
    return math.exp(load(x, i) - m)


@device
def _probability(i, x, m, scale):
    return math.exp(load(x, i) - m) * scale


@device
def _product(i, dy, y):
    return load(dy, i) * load(y, i)


@device
def _slope(i, dy, y, total):
    return load(y, i) * (load(dy, i) - total)


exponentials, _write_probabilities = summed(_exponential), written(_probability)
_products, _write_slopes = summed(_product), written(_slope)


@rows()
def forward(x, y):
    shared = cuda.shared.array(MOST, x.dtype)
    _, first, end, lanes = row_of_thread(x)
    # F1
    m = row_max(largest(first, end, lanes, like(float("-inf"), x), x), lanes, shared)
    # F2
    total = row_sum(exponentials(first, end, lanes, like(0.0, x), x, m), lanes, shared)
    _write_probabilities(first, end, lanes, y, x, m, like(1.0, x) / total)


@rows()
def backward(dy, y, dx):
    shared = cuda.shared.array(MOST, y.dtype)
    _, first, end, lanes = row_of_thread(y)
    # B1
    total = row_sum(_products(first, end, lanes, like(0.0, y), dy, y), lanes, shared)
    _write_slopes(first, end, lanes, dx, dy, y, total)
