"""The equations of numbanet.kernels.max_pool2d as loops."""

import numpy as np

from .._kernel import kernel


@kernel()
def forward(x, size, strides, padding, argmax, y):
    N, H, W, C = x.shape
    _, P, Q, _ = y.shape
    (K, L), (S, R), (top, left) = size, strides, padding
    for n in range(N):
        for p in range(P):
            for q in range(Q):
                for c in range(C):
                    # F1, F2
                    found, largest = -1, 0.0
                    for i in range(K):
                        for j in range(L):
                            h, w = p * S - top + i, q * R - left + j
                            if 0 <= h < H and 0 <= w < W:
                                v = x[n, h, w, c]
                                if found < 0 or v > largest or (v != v and largest == largest):
                                    found, largest = i * L + j, v
                    argmax[n, p, q, c] = found
                    y[n, p, q, c] = largest


@kernel()
def backward(dy, argmax, size, strides, padding, dx):
    N, H, W, C = dx.shape
    _, P, Q, _ = dy.shape
    (_, L), (S, R), (top, left) = size, strides, padding
    for n in range(N):
        for c in range(C):
            for h in range(H):
                for w in range(W):
                    dx[n, h, w, c] = 0.0
            for p in range(P):
                for q in range(Q):
                    # B1
                    k = np.int64(argmax[n, p, q, c])  # which is unsigned
                    dx[n, p * S - top + k // L, q * R - left + k % L, c] += dy[n, p, q, c]
