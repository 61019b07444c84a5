"""The equations of numbanet.kernels.average_pool2d as loops."""

from .._kernel import kernel


@kernel()
def forward(x, size, strides, padding, y):
    N, H, W, C = x.shape
    _, P, Q, _ = y.shape
    (K, L), (S, R), (top, left) = size, strides, padding
    for n in range(N):
        for p in range(P):
            for q in range(Q):
                for c in range(C):
                    # F1
                    total, m = 0.0, 0
                    for i in range(K):
                        for j in range(L):
                            h, w = p * S - top + i, q * R - left + j
                            if 0 <= h < H and 0 <= w < W:
                                total += x[n, h, w, c]
                                m += 1
                    y[n, p, q, c] = total / m


@kernel()
def backward(dy, size, strides, padding, dx):
    N, H, W, C = dx.shape
    _, P, Q, _ = dy.shape
    (K, L), (S, R), (top, left) = size, strides, padding
    for n in range(N):
        for h in range(H):
            for w in range(W):
                for c in range(C):
                    dx[n, h, w, c] = 0.0
        for p in range(P):
            for q in range(Q):
                h0, h1 = max(0, p * S - top), min(H, p * S - top + K)
                w0, w1 = max(0, q * R - left), min(W, q * R - left + L)
                m = (h1 - h0) * (w1 - w0)
                for h in range(h0, h1):
                    for w in range(w0, w1):
                        for c in range(C):
                            # B1
                            dx[n, h, w, c] += dy[n, p, q, c] / m
