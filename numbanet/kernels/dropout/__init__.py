"""Dropout: each element is set to 0 with probability `rate`, and the others are scaled so that the mean stays.

Shapes: x, mask, y, dy, dx (n,); 0 <= rate < 1 float64; seed and stream int64 scalars; iteration (1,) int64.

Forward, with w[i] the word i of numbanet.kernels.random for (seed, stream, iteration[0]):
    F1: u[i] = w[i] 2^-32, uniform in [0, 1)
    F2: mask[i] = 1 / (1 - rate) where u[i] >= rate, else 0
    F3: y[i] = x[i] mask[i]
The mean of mask[i] is 1, so that evaluation needs no scaling (inverted dropout). rate 0 keeps every element; an element
is kept with a probability that is a multiple of 2^-32. A NaN or an infinity that is dropped gives NaN, by F3.

Backward, from dy = dL/dy. The mask does not depend on x:
    B1: dx[i] = dy[i] mask[i]

Saved: mask, one multiplication instead of ten rounds of Philox. The mask is a function of (seed, stream, iteration):
the same on every device, for both types up to the rounding of the scale, and again after a resumed training. iteration
is an array because a bound program counts its own steps.

Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout: a simple way to prevent neural networks
from overfitting, JMLR 15 (2014), section 4; the scaling in training is its section 10.
"""
