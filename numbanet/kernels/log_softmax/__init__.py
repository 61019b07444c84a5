"""Log-softmax: the logarithms of the probabilities that softmax gives to each row of scores.

Shapes: x (R, C), y (R, C), dy (R, C), dx (R, C); R rows, C classes. A tensor of more axes is R rows of its last axis.

Forward:
    F1: m[r]    = max over c of x[r, c]
    F2: y[r, c] = (x[r, c] - m[r]) - log(sum over k of e^(x[r, k] - m[r]))

The sum is at least 1 and no exponent is positive, so nothing overflows; and y stays finite where the probability
itself is too small for a float.

Backward, from dy = dL/dy. By F2, dy[r, k]/dx[r, c] = [k = c] - e^y[r, c], where e^y is the softmax:
    B1: dx[r, c] = dy[r, c] - e^y[r, c] sum over k of dy[r, k]

Saved: y. A NaN or +inf makes its whole row NaN; -inf is a class of probability 0, and comes out as -inf.

Source: Goodfellow, Bengio and Courville, Deep Learning (MIT Press, 2016), sections 4.1 and 6.2.2.3.
"""
