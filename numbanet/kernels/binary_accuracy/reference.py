"""The equations of numbanet.kernels.binary_accuracy as a loop."""

from .._jit import like
from .._kernel import kernel
from .._tile import flat


@kernel()
def update(p, t, threshold, state):
    p, t = flat(p), flat(t)
    limit, half = like(threshold, p), like(0.5, t)
    hits = 0
    for i in range(p.size):
        # F1
        hits += ((p[i] > limit) == (t[i] > half)) & (p[i] == p[i])
    # F2
    state[0] += hits
    # F3
    state[1] += p.size
