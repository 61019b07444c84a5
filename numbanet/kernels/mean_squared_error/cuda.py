"""numbanet.kernels.mean_squared_error: a few lanes walk over a row (numbanet.kernels._cuda_rows)."""

from numba import cuda

from .._cuda import device, like, load
from .._cuda_rows import MOST, row_of_thread, row_sum, rows, summed, written


@device
def _square(i, p, t):
    error = load(p, i) - load(t, i)
    return error * error


@device
def _slope(i, p, t, scale):
    return scale * (load(p, i) - load(t, i))


_squares, _write_slopes = summed(_square), written(_slope)


@rows()
def forward(p, t, weights, losses):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    # F1
    total = row_sum(_squares(first, end, lanes, like(0.0, p), p, t), lanes, shared)
    if first == r * C:
        losses[r] = weights[r] / like(C, p) * total


@rows()
def backward(p, t, weights, dp):
    r, first, end, lanes = row_of_thread(p)
    # B1
    scale = like(2.0, p) * weights[r] / like(p.size, p)
    _write_slopes(first, end, lanes, dp, p, t, scale)
