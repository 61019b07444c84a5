"""The equation of numbanet.kernels.counter."""

from .._kernel import kernel


@kernel()
def advance(by, iteration):
    # U1
    iteration[0] = iteration[0] + by
