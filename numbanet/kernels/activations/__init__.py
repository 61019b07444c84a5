"""Activations: a function f of one variable, applied to every element.

Shapes: x (E), y (E), dy (E), dx (E); E elements, whatever the shape of the tensor. alpha is a number.

Forward, F1: y = f(x). Backward, B1: dx = dy f'(x), by the chain rule. s is the sigmoid, Phi the standard normal's
distribution function, phi its density; L = 1.0507009873554805 and A = 1.6732632423543772 are the constants of SELU.

    relu          max(x, 0)                        1 if x > 0 else 0                 Nair and Hinton, ICML 2010
    leaky_relu    x if x > 0 else alpha x          1 if x > 0 else alpha             Maas, Hannun and Ng, ICML 2013
    elu           x if x > 0 else alpha (e^x - 1)  1 if x > 0 else y + alpha         Clevert et al., arXiv:1511.07289
    selu          L elu(x, A)                      L if x > 0 else y + L A           Klambauer et al., arXiv:1706.02515
    gelu          x Phi(x)                         Phi(x) + x phi(x)                 Hendrycks et al., arXiv:1606.08415
    gelu_tanh     x s(2u)                          s + 2 x s (1 - s) u'              the same, section 2
                  with u = sqrt(2/pi) (x + 0.044715 x^3); s(2u) = (1 + tanh(u)) / 2
    sigmoid       s(x) = 1 / (1 + e^-x)            y (1 - y)                         Rumelhart et al., Nature 1986
    tanh          tanh(x)                          1 - y^2                           LeCun et al., 1998, section 4.4
    softplus      log(1 + e^x)                     s(x)                              Dugas et al., NIPS 2000
    softsign      x / (1 + |x|)                    1 / (1 + |x|)^2                   Turian et al., NAACL 2009
    silu          x s(x)  (also called swish)      s(x) + y (1 - s(x))               Elfwing et al., arXiv:1702.03118
    mish          x t, t = tanh(softplus(x))       t + x s(x) (1 - t^2)              Misra, arXiv:1908.08681
    hard_sigmoid  min(max(x + 3, 0), 6) / 6        1/6 if -3 < x < 3 else 0          Howard et al., arXiv:1905.02244
    linear        x                                1
    step          1 if x >= 0 else 0               0                                 Rosenblatt, Psychol. Review 1958

At a kink the derivative is the left one (relu'(0) = 0, elu'(0) = alpha), but 0 at both kinks of hard_sigmoid. The
derivative of step is zero wherever there is one, so no gradient passes it: the perceptron needs its own learning rule.

Saved: x and y; each backward reads what it needs. relu_in_place(y) and relu_in_place_backward(y, dy) are relu with y in
x's memory and dx in dy's: y > 0 where x > 0, so x is not needed. A NaN in x or dy comes out as NaN. The derivatives of
step and linear do not depend on x, so there only dy matters.
"""
