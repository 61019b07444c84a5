"""The equations of numbanet.kernels.global_max_pool as loops."""

from .._kernel import kernel


@kernel()
def forward(x, argmax, y):
    N, T, C = x.shape
    for n in range(N):
        for c in range(C):
            # F1, F2
            found, largest = 0, x[n, 0, c]
            for t in range(T):
                v = x[n, t, c]
                if v > largest or (v != v and largest == largest):
                    found, largest = t, v
            argmax[n, c] = found
            y[n, c] = largest


@kernel()
def backward(dy, argmax, dx):
    N, T, C = dx.shape
    for n in range(N):
        for t in range(T):
            for c in range(C):
                # B1
                dx[n, t, c] = dy[n, c] if t == argmax[n, c] else 0.0
