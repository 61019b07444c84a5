"""Mean absolute error: the sizes of a row's errors, averaged over its outputs.

Shapes: p (R, C) predictions, t (R, C) targets, weights (R,) of the samples, losses (R,); R rows, C outputs.

Forward:
    F1: losses[r] = weights[r] / C * sum over c of |p[r, c] - t[r, c]|

Backward, of the batch's loss L = 1/R sum over r of losses[r] (kernels.mean: divided by R, not by the sum of the
weights, as Keras does). d|x|/dx = sign(x), and sign(0) = 0 is the subgradient of smallest size:
    B1: dp[r, c] = weights[r] / (R C) sign(p[r, c] - t[r, c])

Saved: nothing, the inputs are enough. A NaN in p or t is one in losses[r] and at its place in dp.

Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009), section 10.6.
"""
