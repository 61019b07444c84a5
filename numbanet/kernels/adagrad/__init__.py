"""Adagrad: a rate of its own for every weight, smaller the more gradient that weight has seen.

Shapes: g, h, w (size) in the model's dtype; learning_rate (1,) float64, an array so that a recorded step sees its
changes; epsilon a float. g gradient, w weights, h sum of the squared gradients (its start is the caller's choice:
Keras 0.1, PyTorch 0).

Update:
    U1: h = h + g^2
    U2: w = w - learning_rate g / (sqrt(h) + epsilon)

Written: h and w, in place. epsilon stands outside the root, as in PyTorch and the paper: a weight with h = 0 and
g = 0 stays where it is.

Source: Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and stochastic optimization,
JMLR 12 (2011), section 1.1.
"""
