"""The equations of numbanet.kernels.embedding as loops."""

from .._kernel import kernel


@kernel()
def forward(x, w, y):
    R, E = y.shape
    for r in range(R):
        for e in range(E):
            # F1
            y[r, e] = w[int(x[r]), e]


@kernel()
def backward(dy, x, dw):
    V, E = dw.shape
    for v in range(V):
        for e in range(E):
            dw[v, e] = 0.0
    for r in range(x.size):
        for e in range(E):
            # B1
            dw[int(x[r]), e] += dy[r, e]
