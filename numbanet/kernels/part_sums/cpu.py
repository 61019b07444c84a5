"""numbanet.kernels.part_sums in strips of channels, which a task owns."""

import numpy as np

from .._jit import like
from .._kernel import kernel
from .._tile import flat

STRIP = 64  # channels of a task


@kernel(tasks=lambda parts, total: -(-total.size // STRIP), work=lambda parts, total: len(parts) * 0.01)
def forward(task, parts, total):
    P, C = parts.shape
    first, last = np.uint64(task * STRIP), np.uint64(min(C, task * STRIP + STRIP))
    values, row = flat(parts), np.uint64(C)
    for c in range(first, last):
        total[c] = like(0.0, total)
    for p in range(np.uint64(P)):
        for c in range(first, last):
            # F1
            total[c] += values[p * row + c]
