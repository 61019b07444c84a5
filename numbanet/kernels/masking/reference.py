"""The equations of numbanet.kernels.masking as loops."""

from .._jit import like
from .._kernel import kernel


@kernel()
def forward(x, value, mask, y):
    N, T, F = x.shape
    padding = like(value, x)
    for n in range(N):
        for t in range(T):
            # F1
            mask[n, t] = 0.0
            for f in range(F):
                if x[n, t, f] != padding:
                    mask[n, t] = 1.0
            for f in range(F):
                # F2
                y[n, t, f] = x[n, t, f] * mask[n, t]


@kernel()
def indices(x, mask):
    N, T = x.shape
    for n in range(N):
        for t in range(T):
            # F3
            mask[n, t] = 0.0 if x[n, t] == 0.0 else 1.0


@kernel()
def weigh(x, mask, y):
    count = 0.0
    for r in range(mask.size):
        count += mask[r]
    for r in range(x.size):
        # F4
        y[r] = x[r] * mask[r] * x.size / max(count, 1.0)


@kernel()
def leave_out(mask, rows):
    for r in range(mask.size):
        if mask[r] == 0.0:
            for c in range(rows.shape[1]):
                # F5
                rows[r, c] = 0.0


@kernel()
def backward(dy, mask, dx):
    N, T, F = dy.shape
    for n in range(N):
        for t in range(T):
            for f in range(F):
                # B1
                dx[n, t, f] = dy[n, t, f] * mask[n, t]
