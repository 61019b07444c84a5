"""numbanet.kernels.mean_absolute_error: a few lanes walk over a row (numbanet.kernels._cuda_rows)."""

from numba import cuda

from .._cuda import device, like, load
from .._cuda_rows import MOST, row_of_thread, row_sum, rows, summed, written


@device
def _size(i, p, t):
    return abs(load(p, i) - load(t, i))


@device
def _slope(i, p, t, scale):
    # an error that is neither positive nor negative is 0 or NaN, and its own sign
    error, one = load(p, i) - load(t, i), like(1.0, p)
    sign = -one if error < like(0.0, p) else error
    return scale * (one if error > like(0.0, p) else sign)


_sizes, _write_slopes = summed(_size), written(_slope)


@rows()
def forward(p, t, weights, losses):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    # F1
    total = row_sum(_sizes(first, end, lanes, like(0.0, p), p, t), lanes, shared)
    if first == r * C:
        losses[r] = weights[r] / like(C, p) * total


@rows()
def backward(p, t, weights, dp):
    r, first, end, lanes = row_of_thread(p)
    # B1
    _write_slopes(first, end, lanes, dp, p, t, weights[r] / like(p.size, p))
