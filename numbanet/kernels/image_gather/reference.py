"""The equations of numbanet.kernels.image_gather as loops."""

from .._kernel import kernel


@kernel()
def forward(x, rows, columns, fill_value, y):
    N, P, Q, C = y.shape
    for n in range(N):
        for p in range(P):
            for q in range(Q):
                i, j = int(rows[n, p]), int(columns[n, q])
                for c in range(C):
                    # F1
                    y[n, p, q, c] = x[n, i, j, c] if i >= 0 and j >= 0 else fill_value


@kernel()
def backward(dy, rows, columns, dx):
    N, H, W, C = dx.shape
    P, Q = dy.shape[1], dy.shape[2]
    for n in range(N):
        for i in range(H):
            for j in range(W):
                for c in range(C):
                    dx[n, i, j, c] = 0.0
        for p in range(P):
            for q in range(Q):
                i, j = int(rows[n, p]), int(columns[n, q])
                if i >= 0 and j >= 0:
                    for c in range(C):
                        # B1
                        dx[n, i, j, c] += dy[n, p, q, c]
