"""numbanet.kernels.binary_cross_entropy: a few lanes walk over a row (numbanet.kernels._cuda_rows)."""

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
def _smooth(i, t, smoothing):
    s = like(smoothing, t)
    return load(t, i) * (like(1.0, t) - s) + like(0.5, t) * s


@device
def _term(i, z, t, smoothing):
    # F3, in the order that cancels max(z, 0) - z u before anything small is added to it
    score, zero = load(z, i), like(0.0, z)
    largest = zero if score <= zero else score
    return (largest - score * _smooth(i, t, smoothing)) + math.log1p(math.exp(-abs(score)))


@device
def _slope(i, z, t, smoothing, scale):
    # B2, whose exponent is negative in either form
    score, one = load(z, i), like(1.0, z)
    e = math.exp(-abs(score))
    q = (e if score < like(0.0, z) else one) / (one + e)
    return scale * (q - _smooth(i, t, smoothing))


@device
def _term_of_probability(i, p, t, smoothing):
    # F2
    u, one = _smooth(i, t, smoothing), like(1.0, p)
    yes, no = _clip(load(p, i)), _clip(one - load(p, i))
    return -(u * math.log(yes) + (one - u) * math.log(no))


@device
def _slope_of_probability(i, p, t, smoothing, scale):
    # B1: the slope is taken at the clipped p, so that it is finite where it is not used
    q, one, zero = load(p, i), like(1.0, p), like(0.0, p)
    yes, no = _clip(q), _clip(one - q)
    slope = scale * (yes - _smooth(i, t, smoothing)) / (yes * no)
    slope = zero if q < like(EPSILON, p) else slope
    return zero if q > like(1.0 - EPSILON, p) else slope


_terms, _write_slopes = summed(_term), written(_slope)
_terms_of_probabilities, _write_slopes_of_probabilities = summed(_term_of_probability), written(_slope_of_probability)


@rows()
def forward(z, t, weights, smoothing, losses):
    shared = cuda.shared.array(MOST, z.dtype)
    C = z.shape[1]
    r, first, end, lanes = row_of_thread(z)
    total = row_sum(_terms(first, end, lanes, like(0.0, z), z, t, smoothing), lanes, shared)
    if first == r * C:
        losses[r] = weights[r] / like(C, z) * total


@rows()
def backward(z, t, weights, smoothing, dz):
    r, first, end, lanes = row_of_thread(z)
    _write_slopes(first, end, lanes, dz, z, t, smoothing, weights[r] / like(z.size, z))


@rows()
def forward_probabilities(p, t, weights, smoothing, losses):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    total = row_sum(_terms_of_probabilities(first, end, lanes, like(0.0, p), p, t, smoothing), lanes, shared)
    if first == r * C:
        losses[r] = weights[r] / like(C, p) * total


@rows()
def backward_probabilities(p, t, weights, smoothing, dp):
    r, first, end, lanes = row_of_thread(p)
    _write_slopes_of_probabilities(first, end, lanes, dp, p, t, smoothing, weights[r] / like(p.size, p))
