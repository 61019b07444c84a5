"""The equation of numbanet.kernels.multiply_add as a loop."""

from .._jit import like
from .._kernel import kernel


@kernel()
def repeat(a, b, turns, x):
    for m in range(x.size):
        for _ in range(turns):
            # F1
            x[m] = like(a, x) * x[m] + like(b, x)
