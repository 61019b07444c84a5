"""Huber loss: the square of a small error, the size of a large one, averaged over a row's outputs.

Shapes: p (R, C) predictions, t (R, C) targets, weights (R,) of the samples, losses (R,); R rows, C outputs; delta > 0,
a scalar, is the error from which the loss is linear. Write e[r, c] = p[r, c] - t[r, c].

Forward:
    F1: h(e) = e^2 / 2                  if |e| <= delta
             = delta |e| - delta^2 / 2  if |e| >  delta
    F2: losses[r] = weights[r] / C * sum over c of h(e[r, c])

Backward, of the batch's loss L = 1/R sum over r of losses[r] (kernels.mean: divided by R, not by the sum of the
weights, as Keras does). dh/de is e where h is the square and delta sign(e) where it is linear: e, clipped.
    B1: dp[r, c] = weights[r] / (R C) min(max(e[r, c], -delta), delta)

Saved: nothing, the inputs are enough. A NaN in p or t is one in losses[r] and at its place in dp.

Source: Huber, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35 (1964), section 2.
"""
