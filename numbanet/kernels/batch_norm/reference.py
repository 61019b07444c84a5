"""The equations of numbanet.kernels.batch_norm as loops."""

import math

from .._kernel import kernel


@kernel()
def partial_statistics(x, means, squares):
    R, C = x.shape
    P = means.shape[0]
    L = -(-R // P)
    for p in range(P):
        first, last = min(R, p * L), min(R, p * L + L)
        for c in range(C):
            # F1
            total = 0.0
            for r in range(first, last):
                total += x[r, c] - x[0, c]
            means[p, c] = total / max(1, last - first)
            # F2
            total = 0.0
            for r in range(first, last):
                total += (x[r, c] - x[0, c] - means[p, c]) ** 2
            squares[p, c] = total


@kernel()
def statistics(x, means, squares, momentum, mean, variance, moving_mean, moving_variance):
    R, C = x.shape
    P = means.shape[0]
    L = -(-R // P)
    for c in range(C):
        # F3
        total = 0.0
        for p in range(P):
            n = min(R, p * L + L) - min(R, p * L)
            total += n * means[p, c]
        offset = total / R
        mean[c] = x[0, c] + offset
        # F4
        total = 0.0
        for p in range(P):
            n = min(R, p * L + L) - min(R, p * L)
            total += squares[p, c] + n * (means[p, c] - offset) ** 2
        variance[c] = total / R
        # F5, F6
        moving_mean[c] = momentum * moving_mean[c] + (1.0 - momentum) * mean[c]
        moving_variance[c] = momentum * moving_variance[c] + (1.0 - momentum) * variance[c]


@kernel()
def forward(x, mean, variance, gamma, beta, epsilon, y):
    R, C = x.shape
    for r in range(R):
        for c in range(C):
            # F7
            z = (x[r, c] - mean[c]) / math.sqrt(variance[c] + epsilon)
            # F8
            y[r, c] = gamma[c] * z + beta[c]


@kernel()
def backward_parts(dy, x, mean, variance, epsilon, dgammas, dbetas):
    R, C = x.shape
    P = dgammas.shape[0]
    L = -(-R // P)
    for p in range(P):
        for c in range(C):
            s = math.sqrt(variance[c] + epsilon)
            dgamma = dbeta = 0.0
            for r in range(min(R, p * L), min(R, p * L + L)):
                # B1
                dbeta += dy[r, c]
                # B2
                dgamma += dy[r, c] * (x[r, c] - mean[c]) / s
            dgammas[p, c], dbetas[p, c] = dgamma, dbeta


@kernel()
def backward_input(dy, x, mean, variance, gamma, epsilon, dgamma, dbeta, dx):
    R, C = x.shape
    for r in range(R):
        for c in range(C):
            s = math.sqrt(variance[c] + epsilon)
            z = (x[r, c] - mean[c]) / s
            # B3
            dx[r, c] = gamma[c] / s * (dy[r, c] - dbeta[c] / R - z * dgamma[c] / R)


@kernel()
def backward_input_of_inference(dy, variance, gamma, epsilon, dx):
    R, C = dy.shape
    for r in range(R):
        for c in range(C):
            # B4
            dx[r, c] = gamma[c] / math.sqrt(variance[c] + epsilon) * dy[r, c]
