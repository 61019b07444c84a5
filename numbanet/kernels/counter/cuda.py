"""numbanet.kernels.counter by one thread, because it is one number."""

from .._cuda_kernel import kernel


@kernel(threads=1)
def advance(by, iteration):
    # U1
    iteration[0] += by
