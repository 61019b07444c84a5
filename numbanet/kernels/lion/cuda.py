"""numbanet.kernels.lion, a weight at a time; `new_c` and `new_m` are 1 - beta_1 and 1 - beta_2, in float64."""

from .._cuda import like
from .._cuda_elementwise import elementwise

NUMBERS = {
    "new_c": lambda g, learning_rate, beta_1, beta_2, m, w: 1.0 - beta_1,
    "new_m": lambda g, learning_rate, beta_1, beta_2, m, w: 1.0 - beta_2,
}


@elementwise(whole=("learning_rate",), numbers=NUMBERS)
def update(g, learning_rate, beta_1, beta_2, m, w, new_c, new_m):
    rate, zero = like(learning_rate[0], w), like(0.0, w)
    # U1
    c = like(beta_1, m) * m + like(new_c, m) * g
    # U2: zero and NaN are their own signs
    step = rate if c > zero else (-rate if c < zero else c)
    # U3
    return like(beta_2, m) * m + like(new_m, m) * g, w - step
