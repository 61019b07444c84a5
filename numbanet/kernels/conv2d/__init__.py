"""A convolution layer: a window slides over an image, and every output is a weighted sum of what it shows.

Shapes: x (N, H, W, C), w (KH, KW, I, O), b (O), y (N, P, Q, O); N images of H rows, W columns and C channels, a window
of KH x KW, and O output channels at P x Q positions. G = C / I groups: the output channels of group g, the g-th O / G
of all O, see the I input channels from g I on. I = C, one group, is the usual layer.
strides (SH, SW): how far the window moves. dilation (DH, DW): how far apart its cells are. padding (T, L): rows of
zeros above and columns of zeros left of the image; below and right there are as many as P and Q ask for.
At output position (p, q), window cell (kh, kw) lies on

    row = p SH + kh DH - T,  column = q SW + kw DW - L.

Forward, with x = 0 outside the image and g = the group of o:
    F1: y[n, p, q, o] = b[o] + sum over kh, kw, i of x[n, row, column, g I + i] w[kh, kw, i, o]

Backward, from dy = dL/dy. An input cell takes part in every window that shows it:
    B1: dx[n, row, column, g I + i] = sum over kh, kw, o of dy[n, p, q, o] w[kh, kw, i, o],
        over the o of group g and the kh, kw for which p = (row + T - kh DH) / SH and q = (column + L - kw DW) / SW
        are whole numbers, 0 <= p < P and 0 <= q < Q
    B2: dw[kh, kw, i, o] = sum over n, p, q of x[n, row, column, g I + i] dy[n, p, q, o]
    B3: db[o] = sum over n, p, q of dy[n, p, q, o]

F1 is the cross-correlation of x and w, and what every framework calls a convolution. The convolution of signal
processing runs through the window backwards, y[p] = sum over k of x[p - k] w[k], so that it commutes and associates.
It is F1 with the window turned round, w[KH-1-kh, KW-1-kw] (numbanet.kernels.flip). A layer that learns its weights
learns the one as well as the other; with weights from a book on image processing the difference is a mirrored result.

The transposed convolution is the same three products in other roles: B1 is its forward, F1 its input's gradient.
Saved: x, which the layer below owns.

Source: LeCun et al., Backpropagation applied to handwritten zip code recognition, Neural Computation 1 (1989); the
arithmetic of strides and padding: Dumoulin and Visin, arXiv:1603.07285, chapters 2 and 4.
"""
