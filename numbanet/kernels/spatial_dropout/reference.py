"""The equations of numbanet.kernels.spatial_dropout as loops."""

from .._kernel import kernel
from .._philox import block


@kernel()
def forward(x, rate, seed, stream, iteration, mask, y):
    N, P, C = x.shape
    for n in range(N):
        for c in range(C):
            # F1
            i = n * C + c
            u = block(seed, stream, iteration[0], i // 4)[i % 4] * 2.0**-32
            # F2
            mask[n, c] = 1.0 / (1.0 - rate) if u >= rate else 0.0
            for p in range(P):
                # F3
                y[n, p, c] = x[n, p, c] * mask[n, c]


@kernel()
def backward(dy, mask, dx):
    N, P, C = dx.shape
    for n in range(N):
        for p in range(P):
            for c in range(C):
                # B1
                dx[n, p, c] = dy[n, p, c] * mask[n, c]
