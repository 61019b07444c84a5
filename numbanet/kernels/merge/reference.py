"""The equations of numbanet.kernels.merge as loops."""

from .._kernel import kernel


@kernel()
def concatenate(a, b, y):
    R, A = a.shape
    for r in range(R):
        for i in range(A):
            # F1
            y[r, i] = a[r, i]
        for i in range(b.shape[1]):
            y[r, A + i] = b[r, i]


@kernel()
def concatenate_backward(dy, da, db):
    R, A = da.shape
    for r in range(R):
        for i in range(A):
            # B1
            da[r, i] = dy[r, i]
        for i in range(db.shape[1]):
            db[r, i] = dy[r, A + i]


@kernel()
def multiply(a, b, y):
    for i in range(y.size):
        # F2
        y[i] = a[i] * b[i]


@kernel()
def multiply_backward(dy, a, b, da, db):
    for i in range(dy.size):
        # B2
        da[i] = dy[i] * b[i]
        db[i] = dy[i] * a[i]


@kernel()
def average(a, b, y):
    for i in range(y.size):
        # F3
        y[i] = (a[i] + b[i]) / 2


@kernel()
def average_backward(dy, da, db):
    for i in range(dy.size):
        # B3
        da[i] = dy[i] / 2
        db[i] = dy[i] / 2
