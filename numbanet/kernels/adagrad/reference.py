"""The equations of numbanet.kernels.adagrad as loops."""

import math

from .._kernel import kernel


@kernel()
def update(g, learning_rate, epsilon, h, w):
    for i in range(w.size):
        # U1, U2
        h[i] = h[i] + g[i] * g[i]
        w[i] = w[i] - learning_rate[0] * g[i] / (math.sqrt(h[i]) + epsilon)
