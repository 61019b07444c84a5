"""The equations of numbanet.kernels.conv2d as loops."""

from .._kernel import kernel


@kernel()
def forward(x, w, b, strides, padding, dilation, y):
    N, H, W, C = x.shape
    KH, KW, I, O = w.shape
    P, Q = y.shape[1:3]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    group = O // (C // I)
    for n in range(N):
        for p in range(P):
            for q in range(Q):
                for o in range(O):
                    # F1
                    g = o // group
                    total = b[o]
                    for kh in range(KH):
                        for kw in range(KW):
                            row, column = p * SH + kh * DH - T, q * SW + kw * DW - L
                            if 0 <= row < H and 0 <= column < W:
                                for i in range(I):
                                    total += x[n, row, column, g * I + i] * w[kh, kw, i, o]
                    y[n, p, q, o] = total


@kernel()
def forward_without_bias(x, w, strides, padding, dilation, y):
    N, H, W, C = x.shape
    KH, KW, I, O = w.shape
    P, Q = y.shape[1:3]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    group = O // (C // I)
    for n in range(N):
        for p in range(P):
            for q in range(Q):
                for o in range(O):
                    # F1 with b = 0
                    g = o // group
                    total = 0.0
                    for kh in range(KH):
                        for kw in range(KW):
                            row, column = p * SH + kh * DH - T, q * SW + kw * DW - L
                            if 0 <= row < H and 0 <= column < W:
                                for i in range(I):
                                    total += x[n, row, column, g * I + i] * w[kh, kw, i, o]
                    y[n, p, q, o] = total


@kernel()
def backward_input(dy, w, strides, padding, dilation, dx):
    N, H, W, C = dx.shape
    KH, KW, I, O = w.shape
    P, Q = dy.shape[1:3]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    group = O // (C // I)
    for n in range(N):
        for row in range(H):
            for column in range(W):
                for c in range(C):
                    # B1
                    g, i = c // I, c % I
                    total = 0.0
                    for kh in range(KH):
                        for kw in range(KW):
                            p, q = (row + T - kh * DH) // SH, (column + L - kw * DW) // SW
                            if p * SH + kh * DH - T != row or q * SW + kw * DW - L != column:
                                continue  # no whole number
                            if 0 <= p < P and 0 <= q < Q:
                                for o in range(g * group, (g + 1) * group):
                                    total += dy[n, p, q, o] * w[kh, kw, i, o]
                    dx[n, row, column, c] = total


@kernel()
def backward_kernel(dy, x, strides, padding, dilation, dw):
    N, H, W, C = x.shape
    KH, KW, I, O = dw.shape
    P, Q = dy.shape[1:3]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    group = O // (C // I)
    for kh in range(KH):
        for kw in range(KW):
            for i in range(I):
                for o in range(O):
                    # B2
                    g = o // group
                    total = 0.0
                    for n in range(N):
                        for p in range(P):
                            for q in range(Q):
                                row, column = p * SH + kh * DH - T, q * SW + kw * DW - L
                                if 0 <= row < H and 0 <= column < W:
                                    total += x[n, row, column, g * I + i] * dy[n, p, q, o]
                    dw[kh, kw, i, o] = total


@kernel()
def backward_bias(dy, db):
    N, P, Q, O = dy.shape
    for o in range(O):
        # B3
        total = 0.0
        for n in range(N):
            for p in range(P):
                for q in range(Q):
                    total += dy[n, p, q, o]
        db[o] = total
