"""The equations of numbanet.kernels.running_mean."""

import numpy as np

from .._kernel import kernel


@kernel()
def update(value, count, state):
    # F1
    state[0] += np.float64(value[0]) * count
    # F2
    state[1] += count
