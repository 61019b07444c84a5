"""The equations of numbanet.kernels.time_slice as loops."""

from .._kernel import kernel


@kernel()
def forward(a, first, step, y):
    N, T, F = y.shape
    for n in range(N):
        for t in range(T):
            for f in range(F):
                # F1
                y[n, t, f] = a[n, first + step * t, f]


@kernel()
def put(one, first, a):
    N, F = one.shape
    for n in range(N):
        for f in range(F):
            # F2
            a[n, first, f] = one[n, f]
