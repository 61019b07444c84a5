"""numbanet.kernels.counter: one task, because it is one number."""

from .._kernel import kernel


@kernel()
def advance(by, iteration):
    # U1
    iteration[0] += by
