"""The equations of numbanet.kernels.running_mean."""

import numpy as np

from .._kernel import kernel


@kernel()
def update_masked(value, mask, state):
    count = 0.0
    for r in range(mask.size):
        count += 1.0 if mask[r] != 0.0 else 0.0
    # F1
    state[0] += np.float64(value[0]) * count
    # F2
    state[1] += count


@kernel()
def update(value, count, state):
    # F1
    state[0] += np.float64(value[0]) * count
    # F2
    state[1] += count
