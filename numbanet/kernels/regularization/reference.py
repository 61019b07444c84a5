"""The equations of numbanet.kernels.regularization as loops."""

import numpy as np

from .._kernel import kernel


@kernel()
def penalty(w, l1, l2, loss):
    # F1
    total = 0.0
    for i in range(w.size):
        value = np.float64(w[i])
        total += l1 * abs(value) + l2 * value * value
    loss[0] = loss[0] + total


@kernel()
def gradient(w, l1, l2, dw):
    for i in range(w.size):
        # B1
        dw[i] = dw[i] + 2 * l2 * w[i]
        if w[i] > 0:
            dw[i] = dw[i] + l1
        elif w[i] < 0:
            dw[i] = dw[i] - l1
