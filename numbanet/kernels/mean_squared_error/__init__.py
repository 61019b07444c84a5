"""Mean squared error: the squares of a row's errors, averaged over its outputs.

Shapes: p (R, C) predictions, t (R, C) targets, weights (R,) of the samples, losses (R,); R rows, C outputs.

Forward:
    F1: losses[r] = weights[r] / C * sum over c of (p[r, c] - t[r, c])^2

Backward, of the batch's loss L = 1/R sum over r of losses[r] (kernels.mean: divided by R, not by the sum of the
weights, as Keras does). By F1, dlosses[r]/dp[r, c] = 2 weights[r] / C (p[r, c] - t[r, c]), and dL/dlosses[r] = 1/R:
    B1: dp[r, c] = 2 weights[r] / (R C) (p[r, c] - t[r, c])

Saved: nothing, the inputs are enough. A NaN in p or t is one in losses[r] and at its place in dp.

Source: Bishop, Pattern Recognition and Machine Learning (2006), section 5.2.
"""
