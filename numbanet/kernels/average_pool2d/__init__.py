"""Average pooling: every output is the mean of the inputs in its window.

Shapes: x (N, H, W, C), y (N, P, Q, C); size (K, L), strides (S, R), padding (top, left).
Window (p, q) holds the inputs (h, w) = (p S - top + i, q R - left + j), 0 <= i < K, 0 <= j < L, that exist: the cells
that lie outside of the input are not counted. m[p, q] is the number of those inside; every window has one.

Forward:
    F1: y[n, p, q, c] = sum over (h, w) in window (p, q) of x[n, h, w, c] / m[p, q]

Backward, from dy = dL/dy. By F1, dy[n, p, q, c]/dx[n, h, w, c] = 1 / m[p, q] for each window that holds (h, w):
    B1: dx[n, h, w, c] = sum over the windows (p, q) that hold (h, w) of dy[n, p, q, c] / m[p, q]

Saved: nothing.

Source: LeCun et al., Gradient-based learning applied to document recognition, Proceedings of the IEEE 86 (1998),
section II.B (its sub-sampling layers, without their coefficient and bias).
"""
