"""Binary cross-entropy: C independent yes-or-no outputs of a row, from their logits z or their probabilities p.

Shapes: z or p (R, C), t (R, C) targets in [0, 1], weights (R,) of the samples, losses (R,); R rows, C outputs;
smoothing s in [0, 1], a scalar, moves the targets towards 1/2.

Forward, with u[r, c] = t[r, c] (1 - s) + s/2. From probabilities, which are clipped as in Keras (e = 1e-7):
    F1: clip(x) = min(max(x, e), 1 - e), so that 1 - clip(p) = clip(1 - p)
    F2: losses[r] = -weights[r] / C * sum over c of u[r, c] log clip(p[r, c]) + (1 - u[r, c]) log clip(1 - p[r, c])
From logits, p = 1 / (1 + exp(-z)) turns the term of F2 into log(1 + exp(z)) - z u, which without overflow is
    F3: losses[r] = weights[r] / C * sum over c of max(z[r, c], 0) - z[r, c] u[r, c] + log1p(exp(-|z[r, c]|))

Backward, of the batch's loss L = 1/R sum over r of losses[r] (kernels.mean: divided by R, not by the sum of the
weights, as Keras does). From F2, -u/p + (1 - u)/(1 - p) = (p - u) / (p (1 - p)), and the clip passes nothing outside:
    B1: dp[r, c] = weights[r] / (R C) (p[r, c] - u[r, c]) / (p[r, c] (1 - p[r, c]))  if e <= p[r, c] <= 1 - e, else 0
From logits, B1 times dp/dz = p (1 - p):
    B2: dz[r, c] = weights[r] / (R C) (1 / (1 + exp(-z[r, c])) - u[r, c])

Saved: nothing, the inputs are enough. A NaN in z, p or t is one in losses[r] and at its place in dz or dp.

Source: Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.2; smoothing: Szegedy et al., Rethinking
the Inception Architecture (2016), section 7; the clip: keras.losses.BinaryCrossentropy.
"""
