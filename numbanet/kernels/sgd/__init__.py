"""Stochastic gradient descent: every weight takes a step against its gradient.

Shapes: g, w, v (size) in the model's dtype; learning_rate (1,) float64, an array so that a recorded step sees its
changes; momentum a float. g gradient, w weights, v velocity (zeros at the start).

Update, plain:
    U1: w = w - learning_rate g

Update with momentum; a running sum of steps, so that directions that agree build up speed:
    U2: v = momentum v - learning_rate g
    U3: w = w + v

Update with Nesterov's momentum; from U2's v, one more momentum step looks ahead to where w is going:
    U4: w = w + momentum v - learning_rate g

Written: w and v, in place. This is Keras's form, with the rate inside v. PyTorch's v is -v / learning_rate: the same
weights while the rate is constant; when it changes, here the steps already in v keep the rate that they were made with.

Source: Polyak, Some methods of speeding up the convergence of iteration methods (1964); Sutskever, Martens, Dahl and
Hinton, On the importance of initialization and momentum in deep learning, ICML (2013), section 2.
"""
