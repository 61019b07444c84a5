"""The equations of numbanet.kernels.perceptron as loops."""

import numpy as np

from .._jit import inline
from .._kernel import kernel


@inline
def _output(x, n, w, b):
    # F1
    score = np.float64(b[0])
    for i in range(w.size):
        score += x[n, i] * w[i]
    if score >= 0.0:
        return 1.0
    if score < 0.0:
        return 0.0
    return score


@kernel()
def epoch(x, t, learning_rate, w, b, mistakes):
    mistakes[0] = 0
    for n in range(x.shape[0]):
        # U1
        error = t[n] - _output(x, n, w, b)
        for i in range(w.size):
            # U2
            w[i] += learning_rate * error * x[n, i]
        # U3
        b[0] += learning_rate * error
        # U4
        if error != 0.0:
            mistakes[0] += 1


@kernel()
def predict(x, w, b, y):
    for n in range(x.shape[0]):
        y[n] = _output(x, n, w, b)
