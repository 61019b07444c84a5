"""The equation of numbanet.kernels.bias as loops."""

from .._kernel import kernel


@kernel()
def forward(b, y):
    R, C = y.shape
    for r in range(R):
        for c in range(C):
            # F1
            y[r, c] = y[r, c] + b[c]
