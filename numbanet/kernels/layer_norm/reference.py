"""The equations of numbanet.kernels.layer_norm as loops."""

import math

from .._kernel import kernel


@kernel()
def forward(x, gamma, beta, epsilon, mean, inverse, y):
    R, C = x.shape
    for r in range(R):
        # F1
        total = 0.0
        for c in range(C):
            total += x[r, c]
        mean[r] = total / C
        # F2
        total = 0.0
        for c in range(C):
            total += (x[r, c] - mean[r]) ** 2
        inverse[r] = 1.0 / math.sqrt(total / C + epsilon)
        for c in range(C):
            # F3
            z = (x[r, c] - mean[r]) * inverse[r]
            # F4
            y[r, c] = gamma[c] * z + beta[c]


@kernel()
def backward_input(dy, x, gamma, mean, inverse, dx):
    R, C = x.shape
    for r in range(R):
        # B1
        total = total_z = 0.0
        for c in range(C):
            z, dz = (x[r, c] - mean[r]) * inverse[r], gamma[c] * dy[r, c]
            total += dz
            total_z += dz * z
        for c in range(C):
            z, dz = (x[r, c] - mean[r]) * inverse[r], gamma[c] * dy[r, c]
            dx[r, c] = inverse[r] * (dz - total / C - z * total_z / C)


@kernel()
def backward_parts(dy, x, mean, inverse, dgammas, dbetas):
    R, C = x.shape
    P = dgammas.shape[0]
    L = -(-R // P)
    for p in range(P):
        for c in range(C):
            dgamma = dbeta = 0.0
            for r in range(min(R, p * L), min(R, p * L + L)):
                # B2
                dgamma += dy[r, c] * (x[r, c] - mean[r]) * inverse[r]
                # B3
                dbeta += dy[r, c]
            dgammas[p, c], dbetas[p, c] = dgamma, dbeta
