"""The equations of numbanet.kernels.dense as loops."""

from .._kernel import kernel


@kernel()
def forward(x, w, b, y):
    N, I = x.shape
    O = w.shape[1]
    for n in range(N):
        for o in range(O):
            # F1
            total = b[o]
            for i in range(I):
                total += x[n, i] * w[i, o]
            y[n, o] = total


@kernel()
def forward_without_bias(x, w, y):
    N, I = x.shape
    O = w.shape[1]
    for n in range(N):
        for o in range(O):
            # F1 with b = 0
            total = 0.0
            for i in range(I):
                total += x[n, i] * w[i, o]
            y[n, o] = total


@kernel()
def backward_input(dy, w, dx):
    N, O = dy.shape
    I = w.shape[0]
    for n in range(N):
        for i in range(I):
            # B1
            total = 0.0
            for o in range(O):
                total += dy[n, o] * w[i, o]
            dx[n, i] = total


@kernel()
def backward_kernel(dy, x, dw):
    N, O = dy.shape
    I = x.shape[1]
    for i in range(I):
        for o in range(O):
            # B2
            total = 0.0
            for n in range(N):
                total += x[n, i] * dy[n, o]
            dw[i, o] = total


@kernel()
def backward_bias(dy, db):
    N, O = dy.shape
    for o in range(O):
        # B3
        total = 0.0
        for n in range(N):
            total += dy[n, o]
        db[o] = total
