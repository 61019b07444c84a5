"""Operations on images (N, H, W, C): convolution, pooling, padding, enlarging."""

import numpy as np


def framed(x, T, L, rows, columns, value=0.0):
    """x with T rows above and L columns left of it, and `rows` and `columns` in all, or more where x is larger"""
    N, H, W, C = x.shape
    y = np.full((N, max(rows, T + H), max(columns, L + W), C), value, x.dtype)
    y[:, T : T + H, L : L + W] = x
    return y


def cells(x, kh, kw, P, Q, strides):
    """The cell (kh, kw) of the windows at P x Q positions that lie `strides` apart"""
    (SH, SW) = strides
    return x[:, kh : kh + (P - 1) * SH + 1 : SH, kw : kw + (Q - 1) * SW + 1 : SW]


def conv2d(x, w, b=None, strides=(1, 1), padding=(0, 0), dilation=(1, 1), P=1, Q=1):
    """numbanet.kernels.conv2d, F1: y[n, p, q, o] = b[o] + sum over kh, kw, i of

    x[n, p SH + kh DH - T, q SW + kw DW - L, g I + i] w[kh, kw, i, o], g the group of o
    """
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    KH, KW, I, O = w.shape
    G = x.shape[3] // I
    x = framed(x, T, L, (P - 1) * SH + (KH - 1) * DH + 1, (Q - 1) * SW + (KW - 1) * DW + 1)
    y = np.zeros((len(x), P, Q, O), x.dtype)
    for kh in range(KH):
        for kw in range(KW):
            cell = cells(x, kh * DH, kw * DW, P, Q, strides)
            for g in range(G):
                mine = slice(g * O // G, (g + 1) * O // G)
                y[..., mine] += cell[..., g * I : g * I + I] @ w[kh, kw, :, mine]
    return y if b is None else y + b


def conv2d_transpose(x, w, strides=(1, 1), padding=(0, 0), dilation=(1, 1), H=1, W=1, C=1):
    """numbanet.kernels.conv2d, B1, where dy is x and dx is y: every cell of x lays its window on y"""
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    N, P, Q, O = x.shape
    KH, KW, I, _ = w.shape
    G = C // I
    rows, columns = (P - 1) * SH + (KH - 1) * DH + 1, (Q - 1) * SW + (KW - 1) * DW + 1
    y = np.zeros((N, max(rows, T + H), max(columns, L + W), C), x.dtype)
    for kh in range(KH):
        for kw in range(KW):
            cell = cells(y, kh * DH, kw * DW, P, Q, strides)
            for g in range(G):
                mine = slice(g * O // G, (g + 1) * O // G)
                cell[..., g * I : g * I + I] += x[..., mine] @ w[kh, kw, :, mine].T
    return y[:, T : T + H, L : L + W]


def depthwise_conv2d(x, w, b=None, strides=(1, 1), padding=(0, 0), dilation=(1, 1), P=1, Q=1):
    """numbanet.kernels.depthwise_conv2d, F1: y[n, p, q, c M + m] = b[c M + m] + sum over kh, kw of

    x[n, p SH + kh DH - T, q SW + kw DW - L, c] w[kh, kw, c, m]
    """
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    KH, KW, C, M = w.shape
    x = framed(x, T, L, (P - 1) * SH + (KH - 1) * DH + 1, (Q - 1) * SW + (KW - 1) * DW + 1)
    y = np.zeros((len(x), P, Q, C, M), x.dtype)
    for kh in range(KH):
        for kw in range(KW):
            y += cells(x, kh * DH, kw * DW, P, Q, strides)[..., None] * w[kh, kw]
    y = y.reshape(len(x), P, Q, C * M)
    return y if b is None else y + b


def flip(w):
    """numbanet.kernels.flip, F1: the window turned round"""
    return w[::-1, ::-1]


def max_pool2d(x, size, strides, padding=(0, 0), P=1, Q=1):
    """numbanet.kernels.max_pool2d, F2: the largest cell of each window; those outside of x take no part"""
    (K, L), (S, R), (top, left) = size, strides, padding
    x = framed(x, top, left, (P - 1) * S + K, (Q - 1) * R + L, -np.inf)
    y = cells(x, 0, 0, P, Q, strides)
    for i in range(K):
        for j in range(L):
            y = np.maximum(y, cells(x, i, j, P, Q, strides))
    return y


def average_pool2d(x, size, strides, padding=(0, 0), P=1, Q=1):
    """numbanet.kernels.average_pool2d, F1: the mean of each window; cells outside of x are not counted"""
    (K, L), (S, R), (top, left) = size, strides, padding
    rows, columns = (P - 1) * S + K, (Q - 1) * R + L
    inside = framed(np.ones_like(x[:1]), top, left, rows, columns)
    x = framed(x, top, left, rows, columns)
    total = np.zeros((len(x), P, Q, x.shape[3]), x.dtype)
    m = np.zeros((1, P, Q, x.shape[3]), x.dtype)
    for i in range(K):
        for j in range(L):
            total += cells(x, i, j, P, Q, strides)
            m += cells(inside, i, j, P, Q, strides)
    return total / m


def zero_padding2d(x, padding, P, Q):
    """numbanet.kernels.zero_padding2d, F1: a frame of zeros; the result has P rows and Q columns"""
    top, left = padding
    return framed(x, top, left, P, Q)


def crop2d(x, padding, P, Q):
    """numbanet.kernels.zero_padding2d, B1, where dy is x: P rows and Q columns, from (top, left) on"""
    top, left = padding
    return x[:, top : top + P, left : left + Q]


def nearest(x, size):
    """numbanet.kernels.up_sampling2d, F1: y[n, h, w, c] = x[n, floor(h / SH), floor(w / SW), c]"""
    SH, SW = size
    return x.repeat(SH, axis=1).repeat(SW, axis=2)


def between(S, H):
    """numbanet.kernels.up_sampling2d, F2: the two pixels around each of H S, and the share of the second"""
    s = (np.arange(H * S) + 0.5) / S - 0.5
    below = np.floor(s).astype(np.int64)
    return np.maximum(below, 0), np.minimum(below + 1, H - 1), s - below


def bilinear(x, size):
    """numbanet.kernels.up_sampling2d, F3: the mean of four pixels, by how near they are"""
    SH, SW = size
    above, below, f = between(SH, x.shape[1])
    left, right, g = between(SW, x.shape[2])
    f, g = f.astype(x.dtype)[:, None, None], g.astype(x.dtype)[:, None]
    rows = (1 - f) * x[:, above] + f * x[:, below]
    return (1 - g) * rows[:, :, left] + g * rows[:, :, right]
