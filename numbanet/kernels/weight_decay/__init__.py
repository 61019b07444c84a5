"""Weight decay: every weight shrinks by a constant share of itself, whatever its gradient.

Shapes: w (size) in the model's dtype; learning_rate (1,) float64, an array so that a recorded step sees its changes;
decay a float.

Update:
    U1: w = w - learning_rate decay w

Written: w, in place, before the optimizer's own update (which does not read w, so that the two commute but for their
rounding). It is decoupled: added to the gradient instead, as the penalty of numbanet.kernels.regularization is, it
would be divided by the optimizer's running root mean square, and weights with large gradients would shrink less.
AdamW is this, then adam.update. With plain SGD the two ways are the same: decay = 2 l2.

Source: Loshchilov and Hutter, Decoupled weight decay regularization, ICLR (2019), algorithms 1 and 2.
"""
