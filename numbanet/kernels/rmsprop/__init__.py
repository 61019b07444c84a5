"""RMSprop: the step of each weight is divided by the root mean square of its recent gradients.

Shapes: g, s, mean, v, w (size) in the model's dtype; learning_rate (1,) float64, an array so that a recorded step
sees its changes; rho, epsilon, momentum floats. g gradient, w weights; s, mean running means of g^2 and of g,
v velocity (all zeros at the start).

Running means:
    U1: s    = rho s + (1 - rho) g^2
    U2: mean = rho mean + (1 - rho) g                            (centered only)

The size of a gradient:
    U3: size = sqrt(s) + epsilon                                 (plain)
    U4: size = sqrt(max(s - mean^2, 0)) + epsilon                (centered: the variance instead of the mean square)

Update:
    U5: w = w - learning_rate g / size                           (without momentum)
    U6: v = momentum v + g / size;  w = w - learning_rate v      (with momentum)

Written: s, mean, v and w, in place. epsilon stands outside the root, as in PyTorch. A variance is never negative, but
s - mean^2 can round below zero when the gradient hardly changes, hence U4's max: PyTorch gives NaN there. A NaN
gradient still gives NaN.

Source: Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning (2012); centered: Graves, Generating
sequences with recurrent neural networks, arXiv:1308.0850 (2013), equations 38 to 45.
"""
