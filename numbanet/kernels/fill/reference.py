"""The equation of numbanet.kernels.fill as a loop."""

from .._kernel import kernel


@kernel()
def constant(value, y):
    for m in range(y.size):
        # F1
        y[m] = value
