"""Spatial dropout: feature maps are set to 0 as a whole with probability `rate`, and the others scaled: the mean stays.

Shapes: x, y, dy, dx (N, P, C), P the positions of an image or a sequence; mask (N, C); 0 <= rate < 1 float64; seed and
stream int64 scalars; iteration (1,) int64.

Forward, with w[i] the word i of numbanet.kernels.random for (seed, stream, iteration[0]):
    F1: u[n, c] = w[n C + c] 2^-32, uniform in [0, 1)
    F2: mask[n, c] = 1 / (1 - rate) where u[n, c] >= rate, else 0
    F3: y[n, p, c] = x[n, p, c] mask[n, c]
Neighbouring positions of a feature map say nearly the same, so that dropping single ones (numbanet.kernels.dropout)
hides little; here a map goes as a whole.

Backward, from dy = dL/dy. The mask does not depend on x:
    B1: dx[n, p, c] = dy[n, p, c] mask[n, c]

Saved: mask. It is a function of (seed, stream, iteration): the same on every device, and again in a resumed training.

Source: Tompson, Goroshin, Jain, LeCun and Bregler, Efficient object localization using convolutional networks, CVPR
2015, section 3.2.
"""
