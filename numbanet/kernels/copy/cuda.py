"""numbanet.kernels.copy, an element at a time. A GPU's stores do not read what they overwrite whole."""

from .._cuda_elementwise import elementwise


@elementwise()
def forward(x, y):
    # F1
    return x


stream = forward
