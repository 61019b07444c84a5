"""numbanet.kernels.hinge: a few lanes walk over a row (numbanet.kernels._cuda_rows)."""

from numba import cuda

from .._cuda import device, like, load
from .._cuda_rows import MOST, row_of_thread, row_sum, rows, summed, written


@device
def _term(i, p, t):
    missing = like(1.0, p) - load(t, i) * load(p, i)
    return like(0.0, p) if missing <= like(0.0, p) else missing


@device
def _slope(i, p, t, scale):
    # what is neither positive nor 0 and less is NaN
    missing = like(1.0, p) - load(t, i) * load(p, i)
    slope = like(0.0, p) if missing <= like(0.0, p) else missing
    return scale * (-load(t, i) if missing > like(0.0, p) else slope)


_terms, _write_slopes = summed(_term), written(_slope)


@rows()
def forward(p, t, weights, losses):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    # F1
    total = row_sum(_terms(first, end, lanes, like(0.0, p), p, t), lanes, shared)
    if first == r * C:
        losses[r] = weights[r] / like(C, p) * total


@rows()
def backward(p, t, weights, dp):
    r, first, end, lanes = row_of_thread(p)
    # B1
    _write_slopes(first, end, lanes, dp, p, t, weights[r] / like(p.size, p))
