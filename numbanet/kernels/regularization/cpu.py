"""numbanet.kernels.regularization: the penalty in one task, the gradient in chunks."""

import numpy as np

from .._chunks import chunk, chunks
from .._jit import like
from .._kernel import kernel


@kernel()
def penalty(w, l1, l2, loss):
    # F1
    sizes, squares = 0.0, 0.0
    for i in range(w.size):
        value = np.float64(w[i])
        sizes += abs(value)
        squares += value * value
    loss[0] = like(np.float64(loss[0]) + l1 * sizes + l2 * squares, loss)


@kernel(tasks=chunks)
def gradient(task, w, l1, l2, dw):
    pull, double, zero = like(l1, w), like(2.0 * l2, w), like(0.0, w)
    for i in chunk(task, w.size):
        # B1: zero and NaN are their own signs
        sign = pull if w[i] > zero else (-pull if w[i] < zero else w[i])
        dw[i] += sign + double * w[i]
