"""The equation of numbanet.kernels.part_sums as loops."""

from .._kernel import kernel


@kernel()
def forward(parts, total):
    P, C = parts.shape
    for c in range(C):
        # F1
        value = 0.0
        for p in range(P):
            value += parts[p, c]
        total[c] = value
