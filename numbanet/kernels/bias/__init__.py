"""A bias added to every row, in place: for layers whose weighted sums come from a kernel that knows no bias.

Shapes: b (C), y (R, C); R rows of C channels.

Forward, where y on the right holds the sums and on the left the result:
    F1: y[r, c] = y[r, c] + b[c]

Backward: dy passes on as it is, and db[c] = sum over r of dy[r, c] is B3 of numbanet.kernels.conv2d.
Saved: nothing.

Source: the bias of a unit, Rumelhart, Hinton and Williams, Nature 323 (1986).
"""
