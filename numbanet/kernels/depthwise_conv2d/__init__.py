"""A depthwise convolution: every channel of an image is convolved on its own, with M windows of its own.

Shapes: x (N, H, W, C), w (KH, KW, C, M), b (C M), y (N, P, Q, C M); N images of H rows, W columns and C channels,
windows of KH x KW, and output channel o = c M + m at P x Q positions. strides (SH, SW), padding (T, L), dilation
(DH, DW) and so the row and column that window cell (kh, kw) lies on at position (p, q): as in numbanet.kernels.conv2d,

    row = p SH + kh DH - T,  column = q SW + kw DW - L.

Forward, with x = 0 outside the image:
    F1: y[n, p, q, c M + m] = b[c M + m] + sum over kh, kw of x[n, row, column, c] w[kh, kw, c, m]

Backward, from dy = dL/dy:
    B1: dx[n, row, column, c] = sum over kh, kw, m of dy[n, p, q, c M + m] w[kh, kw, c, m],
        over the kh, kw for which p = (row + T - kh DH) / SH and q = (column + L - kw DW) / SW are whole numbers,
        0 <= p < P and 0 <= q < Q
    B2: dw[kh, kw, c, m] = sum over n, p, q of x[n, row, column, c] dy[n, p, q, c M + m]

The sum for db is B3 of numbanet.kernels.conv2d. It is the grouped convolution with G = C on the same memory:
w (KH, KW, C, M) there is (KH, KW, 1, C M). But a group of one channel leaves the register tile nothing to share, so it
has loops of its own, along the channels.
Saved: x, which the layer below owns.

Source: Chollet, Xception, CVPR 2017, section 2; Howard et al., MobileNets, arXiv:1704.04861, section 3.1.
"""
