"""numbanet.kernels.mean in one task: LLVM adds in vectors, whose order is the machine code's own."""

import numpy as np

from .._kernel import kernel


@kernel()
def forward(losses, loss):
    R = losses.shape[0]
    # F1, in float64 whatever losses holds
    total = np.float64(0.0)
    for r in range(R):
        total += losses[r]
    loss[0] = total / R
