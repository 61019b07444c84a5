"""The equations of numbanet.kernels.depthwise_conv2d as loops."""

from .._kernel import kernel


@kernel()
def forward(x, w, b, strides, padding, dilation, y):
    N, H, W, C = x.shape
    KH, KW, _, M = w.shape
    P, Q = y.shape[1:3]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    for n in range(N):
        for p in range(P):
            for q in range(Q):
                for c in range(C):
                    for m in range(M):
                        # F1
                        total = b[c * M + m]
                        for kh in range(KH):
                            for kw in range(KW):
                                row, column = p * SH + kh * DH - T, q * SW + kw * DW - L
                                if 0 <= row < H and 0 <= column < W:
                                    total += x[n, row, column, c] * w[kh, kw, c, m]
                        y[n, p, q, c * M + m] = total


@kernel()
def forward_without_bias(x, w, strides, padding, dilation, y):
    N, H, W, C = x.shape
    KH, KW, _, M = w.shape
    P, Q = y.shape[1:3]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    for n in range(N):
        for p in range(P):
            for q in range(Q):
                for c in range(C):
                    for m in range(M):
                        # F1 with b = 0
                        total = 0.0
                        for kh in range(KH):
                            for kw in range(KW):
                                row, column = p * SH + kh * DH - T, q * SW + kw * DW - L
                                if 0 <= row < H and 0 <= column < W:
                                    total += x[n, row, column, c] * w[kh, kw, c, m]
                        y[n, p, q, c * M + m] = total


@kernel()
def backward_input(dy, w, strides, padding, dilation, dx):
    N, H, W, C = dx.shape
    KH, KW, _, M = w.shape
    P, Q = dy.shape[1:3]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    for n in range(N):
        for row in range(H):
            for column in range(W):
                for c in range(C):
                    # B1
                    total = 0.0
                    for kh in range(KH):
                        for kw in range(KW):
                            p, q = (row + T - kh * DH) // SH, (column + L - kw * DW) // SW
                            if p * SH + kh * DH - T != row or q * SW + kw * DW - L != column:
                                continue  # no whole number
                            if 0 <= p < P and 0 <= q < Q:
                                for m in range(M):
                                    total += dy[n, p, q, c * M + m] * w[kh, kw, c, m]
                    dx[n, row, column, c] = total


@kernel()
def backward_kernel(dy, x, strides, padding, dilation, dw):
    N, H, W, C = x.shape
    KH, KW, _, M = dw.shape
    P, Q = dy.shape[1:3]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    for kh in range(KH):
        for kw in range(KW):
            for c in range(C):
                for m in range(M):
                    # B2
                    total = 0.0
                    for n in range(N):
                        for p in range(P):
                            for q in range(Q):
                                row, column = p * SH + kh * DH - T, q * SW + kw * DW - L
                                if 0 <= row < H and 0 <= column < W:
                                    total += x[n, row, column, c] * dy[n, p, q, c * M + m]
                    dw[kh, kw, c, m] = total
