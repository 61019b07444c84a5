"""The equations of numbanet.kernels.group_norm as loops."""

import math

from .._kernel import kernel


@kernel()
def forward(x, gamma, beta, epsilon, mean, inverse, y):
    N, T, C = x.shape
    G = mean.shape[1]
    D = C // G
    for n in range(N):
        for g in range(G):
            # F1
            total = 0.0
            for t in range(T):
                for c in range(g * D, g * D + D):
                    total += x[n, t, c]
            mean[n, g] = total / (T * D)
            # F2
            total = 0.0
            for t in range(T):
                for c in range(g * D, g * D + D):
                    total += (x[n, t, c] - mean[n, g]) ** 2
            inverse[n, g] = 1.0 / math.sqrt(total / (T * D) + epsilon)
            for t in range(T):
                for c in range(g * D, g * D + D):
                    # F3
                    z = (x[n, t, c] - mean[n, g]) * inverse[n, g]
                    # F4
                    y[n, t, c] = gamma[c] * z + beta[c]


@kernel()
def backward_samples(dy, x, mean, inverse, dgammas, dbetas):
    N, T, C = x.shape
    D = C // mean.shape[1]
    for n in range(N):
        for c in range(C):
            dgamma = dbeta = 0.0
            for t in range(T):
                # B1
                dgamma += dy[n, t, c] * (x[n, t, c] - mean[n, c // D]) * inverse[n, c // D]
                # B2
                dbeta += dy[n, t, c]
            dgammas[n, c], dbetas[n, c] = dgamma, dbeta


@kernel()
def backward_input(dy, x, gamma, mean, inverse, dgammas, dbetas, dx):
    N, T, C = x.shape
    G = mean.shape[1]
    D = C // G
    for n in range(N):
        for g in range(G):
            # B3
            a = b = 0.0
            for c in range(g * D, g * D + D):
                a += gamma[c] * dbetas[n, c]
                b += gamma[c] * dgammas[n, c]
            for t in range(T):
                for c in range(g * D, g * D + D):
                    z = (x[n, t, c] - mean[n, g]) * inverse[n, g]
                    dx[n, t, c] = inverse[n, g] * (gamma[c] * dy[n, t, c] - (a + z * b) / (T * D))
