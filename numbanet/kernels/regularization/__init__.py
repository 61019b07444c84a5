"""L1 and L2 regularization: a penalty on the size of weights, added to the loss and to their gradient.

Shapes: w, dw (size) and loss (1,) in the model's dtype; l1, l2 floats of 0 or more.

Forward:
    F1: loss = loss + l1 sum over i of |w[i]| + l2 sum over i of w[i]^2

Backward. d|w|/dw is sign(w), with sign(0) = 0 (the subgradient that lets a weight of zero stay), dw^2/dw is 2 w:
    B1: dw[i] = dw[i] + l1 sign(w[i]) + 2 l2 w[i]

Adding. The loss is the data's loss plus the penalty, so w has two consumers: its layer and this. Everywhere else in
the engine a tensor has one consumer and backward overwrites; here the layer's backward has written dw, and the
penalty's share is added to it. It is the one place that adds, and it must run after the layer's backward.

F1 sums in float64. A NaN in w gives NaN in loss and dw.

Source: Krogh and Hertz, A simple weight decay can improve generalization, NeurIPS (1991), for L2; Tibshirani,
Regression shrinkage and selection via the lasso, J. R. Stat. Soc. B 58 (1996), for L1. Values as Keras's L1L2.
"""
