"""Cross-entropy of a row's class probabilities with its target distribution, or with its label.

Shapes: p (R, C) probabilities, t (R, C) targets or labels (R,) int64 in [0, C), weights (R,) of the samples,
losses (R,); R rows, C classes; smoothing s in [0, 1], a scalar, moves the targets towards 1/C.
p is taken as a distribution: it is clipped, as in Keras (e = 1e-7), but never divided by its sum.

Forward, with u[r, c] = t[r, c] (1 - s) + s/C; the sparse functions have u[r, c] = 1 if c = labels[r], otherwise 0:
    F1: q[r, c] = min(max(p[r, c], e), 1 - e)
    F2: losses[r] = -weights[r] * sum over c of u[r, c] log q[r, c]

Backward, of the batch's loss L = 1/R sum over r of losses[r] (kernels.mean: divided by R, not by the sum of the
weights, as Keras does). By F2, dlosses[r]/dq[r, c] = -weights[r] u[r, c] / q[r, c]; the clip passes nothing outside:
    B1: dp[r, c] = -weights[r] / R u[r, c] / p[r, c]  if e <= p[r, c] <= 1 - e, otherwise 0

Saved: nothing, the inputs are enough. A NaN in p or t is one in losses[r] and at its place in dp, also where u = 0.

Source: Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.4; smoothing: Szegedy et al., Rethinking
the Inception Architecture (2016), section 7; the clip: keras.losses.CategoricalCrossentropy.
"""
