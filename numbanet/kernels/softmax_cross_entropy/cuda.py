"""numbanet.kernels.softmax_cross_entropy: a few lanes walk over a row (numbanet.kernels._cuda_rows)."""

import math

from numba import cuda

from .._cuda import device, like, load
from .._cuda_rows import MOST, element, largest, row_max, row_of_thread, row_sum, rows, summed, written
from ..softmax.cuda import exponentials


@device
def _target(i, t, smoothing, C):
    s = like(smoothing, t)
    return load(t, i) * (like(1.0, t) - s) + s / like(C, t)


@device
def _surprise(i, z, t, smoothing, C, m, log_S):
    # F3, in an order that keeps log S where m is large
    return _target(i, t, smoothing, C) * (log_S + (m - load(z, i)))


@device
def _slope(i, z, t, smoothing, C, logsumexp, total, scale):
    return scale * (math.exp(load(z, i) - logsumexp) * total - _target(i, t, smoothing, C))


@device
def _sparse_slope(i, z, label, logsumexp, scale):
    u = like(1.0, z) if i == label else like(0.0, z)
    return scale * (math.exp(load(z, i) - logsumexp) - u)


_surprises, _elements = summed(_surprise), summed(element)
_write_slopes, _write_sparse_slopes = written(_slope), written(_sparse_slope)


@device
def _maximum_and_log_sum(first, end, lanes, z, shared):
    # F1
    m = row_max(largest(first, end, lanes, like(float("-inf"), z), z), lanes, shared)
    return m, math.log(row_sum(exponentials(first, end, lanes, like(0.0, z), z, m), lanes, shared))


@rows()
def forward(z, t, weights, smoothing, logsumexp, losses):
    shared = cuda.shared.array(MOST, z.dtype)
    C = z.shape[1]
    r, first, end, lanes = row_of_thread(z)
    m, log_S = _maximum_and_log_sum(first, end, lanes, z, shared)
    total = row_sum(_surprises(first, end, lanes, like(0.0, z), z, t, smoothing, C, m, log_S), lanes, shared)
    if first == r * C:
        losses[r] = weights[r] * total
        # F2
        logsumexp[r] = m + log_S


@rows()
def backward(z, t, weights, smoothing, logsumexp, dz):
    shared = cuda.shared.array(MOST, z.dtype)
    R, C = z.shape
    r, first, end, lanes = row_of_thread(z)
    # B1
    total = row_sum(_elements(first, end, lanes, like(0.0, t), t), lanes, shared)
    s = like(smoothing, z)
    total = total * (like(1.0, z) - s) + s
    _write_slopes(first, end, lanes, dz, z, t, smoothing, C, logsumexp[r], total, weights[r] / like(R, z))


@rows()
def forward_sparse(z, labels, weights, logsumexp, losses):
    shared = cuda.shared.array(MOST, z.dtype)
    C = z.shape[1]
    r, first, end, lanes = row_of_thread(z)
    m, log_S = _maximum_and_log_sum(first, end, lanes, z, shared)
    if first == r * C:
        # F3
        losses[r] = weights[r] * (log_S + (m - z[r, labels[r]]))
        # F2
        logsumexp[r] = m + log_S


@rows()
def backward_sparse(z, labels, weights, logsumexp, dz):
    R, C = z.shape
    r, first, end, lanes = row_of_thread(z)
    # B1
    _write_sparse_slopes(first, end, lanes, dz, z, r * C + labels[r], logsumexp[r], weights[r] / like(R, z))
