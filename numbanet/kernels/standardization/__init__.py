"""Standardisation: each feature has a mean subtracted and is divided by a deviation, both known beforehand.

Shapes: x, y, dy, dx (R, C, S): C features, each of S neighbouring elements in each of R rows; mean and variance (C,);
epsilon float64, above 0. The last axis of any array is R = all others together, S = 1; one mean for all is C = 1.

Forward:
    F1: s[c] = max(sqrt(variance[c]), epsilon)
    F2: y[r, c, p] = (x[r, c, p] - mean[c]) / s[c]
A feature that was constant in the data, of variance 0, is divided by epsilon: what stays constant becomes 0.

Inverse, from standardised numbers back to those of the data:
    F3: y[r, c, p] = x[r, c, p] s[c] + mean[c]

Backward, from dy = dL/dy. Mean and variance are constants, unlike those of numbanet.kernels.batch_norm:
    B1: dx[r, c, p] = dy[r, c, p] / s[c]
    B2: dx[r, c, p] = dy[r, c, p] s[c]      (of the inverse)

Saved: nothing.

Source: LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998, section 4.3; F1 is what Keras's Normalization does.
"""
