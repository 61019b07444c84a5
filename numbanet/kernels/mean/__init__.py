"""The loss of a batch: the mean of the losses of its rows.

Shapes: losses (R,), already weighted by the loss's own kernel; loss (1,); R rows.

Forward:
    F1: loss[0] = 1/R sum over r of losses[r]

R is the number of rows, not the sum of their weights: Keras's rule (reduction "sum_over_batch_size"). There is no
backward: dloss/dlosses[r] = 1/R is a factor of every loss's own backward. Saved: nothing. The sum is taken in float64
by one task, so that a large float32 batch loses nothing and the bits do not depend on the threads. NaN stays NaN.

Source: the definition; keras.losses.Loss.
"""
