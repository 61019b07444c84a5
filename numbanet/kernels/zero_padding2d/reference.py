"""The equations of numbanet.kernels.zero_padding2d as loops."""

from .._kernel import kernel


@kernel()
def forward(x, padding, y):
    N, H, W, C = x.shape
    top, left = padding
    for n in range(N):
        for h in range(y.shape[1]):
            for w in range(y.shape[2]):
                for c in range(C):
                    # F1
                    i, j = h - top, w - left
                    y[n, h, w, c] = x[n, i, j, c] if 0 <= i < H and 0 <= j < W else 0.0


@kernel()
def backward(dy, padding, dx):
    N, H, W, C = dx.shape
    top, left = padding
    for n in range(N):
        for i in range(H):
            for j in range(W):
                for c in range(C):
                    # B1
                    dx[n, i, j, c] = dy[n, i + top, j + left, c]
