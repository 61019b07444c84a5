"""numbanet.kernels.huber: a few lanes walk over a row (numbanet.kernels._cuda_rows)."""

from numba import cuda

from .._cuda import device, like, load
from .._cuda_rows import MOST, row_of_thread, row_sum, rows, summed, written


@device
def _term(i, p, t, bend):
    # F1
    size, half = abs(load(p, i) - load(t, i)), like(0.5, p)
    return half * size * size if size <= bend else bend * (size - half * bend)


@device
def _slope(i, p, t, bend, scale):
    slope = load(p, i) - load(t, i)
    slope = bend if slope > bend else slope
    return scale * (-bend if slope < -bend else slope)


_terms, _write_slopes = summed(_term), written(_slope)


@rows()
def forward(p, t, weights, delta, losses):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    # F2
    total = row_sum(_terms(first, end, lanes, like(0.0, p), p, t, like(delta, p)), lanes, shared)
    if first == r * C:
        losses[r] = weights[r] / like(C, p) * total


@rows()
def backward(p, t, weights, delta, dp):
    r, first, end, lanes = row_of_thread(p)
    # B1
    _write_slopes(first, end, lanes, dp, p, t, like(delta, p), weights[r] / like(p.size, p))
