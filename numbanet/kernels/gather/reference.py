"""The equation of numbanet.kernels.gather as loops."""

from .._kernel import kernel


@kernel()
def rows(source, indices, out):
    N, I = out.shape
    for n in range(N):
        for i in range(I):
            # F1
            out[n, i] = source[indices[n], i]
