"""Softmax: turns each row of scores into probabilities, which are positive and sum to 1.

Shapes: x (R, C), y (R, C), dy (R, C), dx (R, C); R rows, C classes. A tensor of more axes is R rows of its last axis.

Forward:
    F1: m[r]    = max over c of x[r, c]
    F2: y[r, c] = e^(x[r, c] - m[r]) / sum over k of e^(x[r, k] - m[r])

The factor e^-m[r] cancels; with it no exponent is positive, so nothing overflows, and the sum is at least 1.

Backward, from dy = dL/dy. By F2, dy[r, k]/dx[r, c] = y[r, k] ([k = c] - y[r, c]); m does not matter, as it cancels:
    B1: dx[r, c] = y[r, c] (dy[r, c] - sum over k of dy[r, k] y[r, k])

Saved: y. A NaN or +inf makes its whole row NaN; -inf is a class of probability 0. Where softmax is the last layer under
a cross-entropy, numbanet.kernels.softmax_cross_entropy does both at once, and better: its gradient is y - t.

Source: Bridle, Probabilistic interpretation of feedforward classification network outputs, Neurocomputing (1990).
"""
