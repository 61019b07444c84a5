"""numbanet.kernels.log_softmax: a few lanes walk over a row (numbanet.kernels._cuda_rows)."""

import math

from numba import cuda

from .._cuda import device, like, load
from .._cuda_rows import MOST, element, largest, row_max, row_of_thread, row_sum, rows, summed, written
from ..softmax.cuda import exponentials


@device
def _logarithm(i, x, m, log_total):
    return (load(x, i) - m) - log_total


@device
def _slope(i, dy, y, total):
    return load(dy, i) - math.exp(load(y, i)) * total


_write_logarithms, _elements, _write_slopes = written(_logarithm), summed(element), written(_slope)


@rows()
def forward(x, y):
    shared = cuda.shared.array(MOST, x.dtype)
    _, first, end, lanes = row_of_thread(x)
    # F1
    m = row_max(largest(first, end, lanes, like(float("-inf"), x), x), lanes, shared)
    # F2
    total = row_sum(exponentials(first, end, lanes, like(0.0, x), x, m), lanes, shared)
    _write_logarithms(first, end, lanes, y, x, m, math.log(total))


@rows()
def backward(dy, y, dx):
    shared = cuda.shared.array(MOST, y.dtype)
    _, first, end, lanes = row_of_thread(y)
    # B1
    total = row_sum(_elements(first, end, lanes, like(0.0, dy), dy), lanes, shared)
    _write_slopes(first, end, lanes, dx, dy, y, total)
