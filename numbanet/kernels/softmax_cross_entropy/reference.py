"""The equations of numbanet.kernels.softmax_cross_entropy as loops."""

import math

from .._jit import inline
from .._kernel import kernel


@inline
def _logsumexp(z, r):
    C = z.shape[1]
    # F1
    m = z[r, 0]
    for c in range(C):
        m = max(m, z[r, c])
    S = 0.0
    for c in range(C):
        S += math.exp(z[r, c] - m)
    # F2
    return m + math.log(S)


@kernel()
def forward(z, t, weights, smoothing, logsumexp, losses):
    R, C = z.shape
    for r in range(R):
        logsumexp[r] = _logsumexp(z, r)
        # F3
        total = 0.0
        for c in range(C):
            u = t[r, c] * (1.0 - smoothing) + smoothing / C
            total += u * (logsumexp[r] - z[r, c])
        losses[r] = weights[r] * total


@kernel()
def backward(z, t, weights, smoothing, logsumexp, dz):
    R, C = z.shape
    for r in range(R):
        # B1
        total = 0.0
        for k in range(C):
            total += t[r, k] * (1.0 - smoothing) + smoothing / C
        for c in range(C):
            u = t[r, c] * (1.0 - smoothing) + smoothing / C
            dz[r, c] = weights[r] / R * (math.exp(z[r, c] - logsumexp[r]) * total - u)


@kernel()
def forward_sparse(z, labels, weights, logsumexp, losses):
    R = z.shape[0]
    for r in range(R):
        logsumexp[r] = _logsumexp(z, r)
        # F3
        losses[r] = weights[r] * (logsumexp[r] - z[r, labels[r]])


@kernel()
def backward_sparse(z, labels, weights, logsumexp, dz):
    R, C = z.shape
    for r in range(R):
        for c in range(C):
            # B1
            u = 1.0 if c == labels[r] else 0.0
            dz[r, c] = weights[r] / R * (math.exp(z[r, c] - logsumexp[r]) - u)
