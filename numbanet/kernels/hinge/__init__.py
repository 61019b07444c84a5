"""Hinge loss: how far a row's scores fall short of a margin of 1 on the right side, averaged over its outputs.

Shapes: p (R, C) scores, t (R, C) targets of -1 or 1, weights (R,) of the samples, losses (R,); R rows, C outputs.
Write m[r, c] = 1 - t[r, c] p[r, c].

Forward:
    F1: losses[r] = weights[r] / C * sum over c of max(m[r, c], 0)

Backward, of the batch's loss L = 1/R sum over r of losses[r] (kernels.mean: divided by R, not by the sum of the
weights, as Keras does). dm/dp = -t, and the derivative at the kink m = 0 is taken as 0:
    B1: dp[r, c] = -weights[r] / (R C) t[r, c]  if m[r, c] > 0, otherwise 0

Saved: nothing, the inputs are enough. A NaN in p or t is one in losses[r] and at its place in dp.

Source: Cortes and Vapnik, Support-Vector Networks, Machine Learning 20 (1995), section 3: the slack variables.
"""
