"""numbanet.kernels.bias on blocks of whole rows."""

import numpy as np

from .._kernel import kernel
from .._rows import row_block, row_blocks
from .._tile import flat


@kernel(tasks=lambda b, y: row_blocks(*y.shape))
def forward(task, b, y):
    R, C = y.shape
    first, last = row_block(task, R, C)
    ys = flat(y)
    # F1
    for r in range(first, last):
        row = np.uint64(r * C)
        for c in range(np.uint64(C)):
            ys[row + c] += b[c]
