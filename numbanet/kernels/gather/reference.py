"""The equation of numbanet.kernels.gather as loops."""

from .._kernel import kernel


@kernel()
def rows(source, order, first, out):
    N, I = out.shape
    for n in range(N):
        for i in range(I):
            # F1
            out[n, i] = source[order[first[0] + n], i]
