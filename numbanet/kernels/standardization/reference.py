"""The equations of numbanet.kernels.standardization as loops."""

import math

from .._jit import inline
from .._kernel import kernel


@inline
def _deviation(variance, epsilon):
    # F1
    s = math.sqrt(variance)
    return epsilon if s < epsilon else s


@kernel()
def forward(x, mean, variance, epsilon, y):
    R, C, S = x.shape
    for r in range(R):
        for c in range(C):
            for p in range(S):
                # F2
                y[r, c, p] = (x[r, c, p] - mean[c]) / _deviation(variance[c], epsilon)


@kernel()
def backward(dy, variance, epsilon, dx):
    R, C, S = dx.shape
    for r in range(R):
        for c in range(C):
            for p in range(S):
                # B1
                dx[r, c, p] = dy[r, c, p] / _deviation(variance[c], epsilon)


@kernel()
def inverse(x, mean, variance, epsilon, y):
    R, C, S = x.shape
    for r in range(R):
        for c in range(C):
            for p in range(S):
                # F3
                y[r, c, p] = x[r, c, p] * _deviation(variance[c], epsilon) + mean[c]


@kernel()
def inverse_backward(dy, variance, epsilon, dx):
    R, C, S = dx.shape
    for r in range(R):
        for c in range(C):
            for p in range(S):
                # B2
                dx[r, c, p] = dy[r, c, p] * _deviation(variance[c], epsilon)
