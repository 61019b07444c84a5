"""The equations of numbanet.kernels.rmsprop as loops."""

import math

from .._kernel import kernel


@kernel()
def update(g, learning_rate, rho, epsilon, s, w):
    for i in range(w.size):
        # U1, U3, U5
        s[i] = rho * s[i] + (1 - rho) * g[i] * g[i]
        w[i] = w[i] - learning_rate[0] * g[i] / (math.sqrt(s[i]) + epsilon)


@kernel()
def update_momentum(g, learning_rate, rho, epsilon, momentum, s, v, w):
    for i in range(w.size):
        # U1, U3, U6
        s[i] = rho * s[i] + (1 - rho) * g[i] * g[i]
        v[i] = momentum * v[i] + g[i] / (math.sqrt(s[i]) + epsilon)
        w[i] = w[i] - learning_rate[0] * v[i]


@kernel()
def update_centered(g, learning_rate, rho, epsilon, s, mean, w):
    for i in range(w.size):
        # U1, U2
        s[i] = rho * s[i] + (1 - rho) * g[i] * g[i]
        mean[i] = rho * mean[i] + (1 - rho) * g[i]
        # U4, U5
        variance = s[i] - mean[i] * mean[i]
        if variance < 0:
            variance = 0.0
        w[i] = w[i] - learning_rate[0] * g[i] / (math.sqrt(variance) + epsilon)


@kernel()
def update_centered_momentum(g, learning_rate, rho, epsilon, momentum, s, mean, v, w):
    for i in range(w.size):
        # U1, U2
        s[i] = rho * s[i] + (1 - rho) * g[i] * g[i]
        mean[i] = rho * mean[i] + (1 - rho) * g[i]
        # U4, U6
        variance = s[i] - mean[i] * mean[i]
        if variance < 0:
            variance = 0.0
        v[i] = momentum * v[i] + g[i] / (math.sqrt(variance) + epsilon)
        w[i] = w[i] - learning_rate[0] * v[i]
