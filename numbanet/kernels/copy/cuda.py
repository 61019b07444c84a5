"""numbanet.kernels.copy, an element at a time."""

from .._cuda_elementwise import elementwise


@elementwise()
def forward(x, y):
    # F1
    return x
