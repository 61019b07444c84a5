"""numbanet.kernels.weight_decay, a weight at a time."""

from .._cuda import like
from .._cuda_elementwise import elementwise


@elementwise(whole=("learning_rate",))
def apply(learning_rate, decay, w):
    # U1
    return w - like(learning_rate[0], w) * like(decay, w) * w
