"""numbanet.kernels.cross_entropy: a few lanes walk over a row (numbanet.kernels._cuda_rows)."""

import math

from numba import cuda

from .._cuda import device, like, load
from .._cuda_rows import MOST, row_of_thread, row_sum, rows, summed, written

EPSILON = 1e-7  # Keras's


@device
def _clip(x):
    # F1
    low, high = like(EPSILON, x), like(1.0 - EPSILON, x)
    x = low if x < low else x
    return high if x > high else x


@device
def _slope(u, x):
    # B1, without its factor weights / R, at the clipped x, so that it is finite where it is not used
    zero = like(0.0, x)
    slope = -u / _clip(x)
    slope = zero if x < like(EPSILON, x) else slope
    return zero if x > like(1.0 - EPSILON, x) else slope


@device
def _target(i, t, smoothing, C):
    s = like(smoothing, t)
    return load(t, i) * (like(1.0, t) - s) + s / like(C, t)


@device
def _term(i, p, t, smoothing, C):
    return -_target(i, t, smoothing, C) * math.log(_clip(load(p, i)))


@device
def _scaled_slope(i, p, t, smoothing, C, scale):
    return scale * _slope(_target(i, t, smoothing, C), load(p, i))


@device
def _nothing(i, p):
    # what u = 0 makes of a probability: 0 NaN is NaN
    x = load(p, i)
    return like(0.0, p) if x == x else x


@device
def _sparse_slope(i, p, label, scale):
    return scale * _slope(like(1.0, p), load(p, i)) if i == label else _nothing(i, p)


_terms, _write_slopes = summed(_term), written(_scaled_slope)
_nothings, _write_sparse_slopes = summed(_nothing), written(_sparse_slope)


@rows()
def forward(p, t, weights, smoothing, losses):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    # F2
    total = row_sum(_terms(first, end, lanes, like(0.0, p), p, t, smoothing, C), lanes, shared)
    if first == r * C:
        losses[r] = weights[r] * total


@rows()
def backward(p, t, weights, smoothing, dp):
    R, C = p.shape
    r, first, end, lanes = row_of_thread(p)
    _write_slopes(first, end, lanes, dp, p, t, smoothing, C, weights[r] / like(R, p))


@rows()
def forward_sparse(p, labels, weights, losses):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    # F2
    total = row_sum(_nothings(first, end, lanes, like(0.0, p), p), lanes, shared)
    if first == r * C:
        losses[r] = weights[r] * (total - math.log(_clip(p[r, labels[r]])))


@rows()
def backward_sparse(p, labels, weights, dp):
    R, C = p.shape
    r, first, end, lanes = row_of_thread(p)
    _write_sparse_slopes(first, end, lanes, dp, p, r * C + labels[r], weights[r] / like(R, p))
