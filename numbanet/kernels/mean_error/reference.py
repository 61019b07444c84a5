"""The equations of numbanet.kernels.mean_error as loops. In Numba float(a) of a float32 is a float32."""

import numpy as np

from .._kernel import kernel
from .._tile import flat


@kernel()
def absolute(p, t, state):
    p, t = flat(p), flat(t)
    total = 0.0
    for i in range(p.size):
        # F1
        total += abs(np.float64(p[i]) - np.float64(t[i]))
    state[0] += total
    # F3
    state[1] += p.size


@kernel()
def squared(p, t, state):
    p, t = flat(p), flat(t)
    total = 0.0
    for i in range(p.size):
        # F2
        error = np.float64(p[i]) - np.float64(t[i])
        total += error * error
    state[0] += total
    # F3
    state[1] += p.size
