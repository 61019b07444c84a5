"""Gradient accumulation: the mean gradient of several batches, for one update.

Shapes: g, total (size) in the model's dtype; steps an integer, the batches of an update.

Update:
    U1: add(steps, g, total):   total = total + g / steps
    U2: mean(steps, total, g):  g = total + g / steps, total = 0

add follows the backward pass of every batch of an update but the last, mean that of the last. Written: total in place,
and g. Each part is divided before it is added, so that where all gradients are finite their mean is. With a loss that
is the mean over a batch, and batches of one size, g is then the gradient of all of them as one batch, but for rounding.

There is no backward. Source: the linearity of the gradient.
"""
