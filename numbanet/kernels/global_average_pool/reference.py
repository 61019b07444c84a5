"""The equations of numbanet.kernels.global_average_pool as loops."""

from .._kernel import kernel


@kernel()
def forward(x, y):
    N, T, C = x.shape
    for n in range(N):
        for c in range(C):
            # F1
            total = 0.0
            for t in range(T):
                total += x[n, t, c]
            y[n, c] = total / T


@kernel()
def backward(dy, dx):
    N, T, C = dx.shape
    for n in range(N):
        for t in range(T):
            for c in range(C):
                # B1
                dx[n, t, c] = dy[n, c] / T
