"""The equations of numbanet.kernels.accumulation as loops."""

from .._kernel import kernel


@kernel()
def add(steps, g, total):
    for i in range(g.size):
        # U1
        total[i] = total[i] + g[i] / steps


@kernel()
def mean(steps, total, g):
    for i in range(g.size):
        # U2
        g[i] = total[i] + g[i] / steps
        total[i] = 0
