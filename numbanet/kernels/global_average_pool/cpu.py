"""numbanet.kernels.global_average_pool in blocks of samples: a task owns its samples.

Sums of STRETCH positions are added to the sum of all: so the rounding errors of a long sequence stay small.
"""

import numpy as np

from .._jit import like
from .._kernel import kernel
from .._rows import row_block, row_blocks
from .._tile import flat, stack

STRETCH = 128  # positions
CHANNELS = 256  # whose sums are kept on the stack


@kernel(tasks=lambda x, y: row_blocks(len(x), x[0].size))
def forward(task, x, y):
    N, T, C = x.shape
    first, last = row_block(task, N, T * C)
    x_, y_ = flat(x), flat(y)
    part = stack(CHANNELS, y)
    zero, share = like(0.0, y), like(1.0 / T, y)
    for n in range(first, last):
        for c0 in range(0, C, CHANNELS):
            o, width = np.uint64(n * C + c0), np.uint64(min(CHANNELS, C - c0))
            for c in range(width):
                y_[o + c] = zero
            for t0 in range(0, T, STRETCH):
                for c in range(width):
                    part[c] = zero
                for t in range(t0, min(T, t0 + STRETCH)):
                    a = np.uint64((n * T + t) * C + c0)
                    for c in range(width):
                        part[c] += x_[a + c]
                # F1
                for c in range(width):
                    y_[o + c] += share * part[c]


@kernel(tasks=lambda dy, dx: row_blocks(len(dx), dx[0].size))
def backward(task, dy, dx):
    N, T, C = dx.shape
    first, last = row_block(task, N, T * C)
    dy_, dx_ = flat(dy), flat(dx)
    share = like(1.0 / T, dx)
    for n in range(first, last):
        o = np.uint64(n * C)
        for t in range(T):
            # B1
            a = np.uint64((n * T + t) * C)
            for c in range(np.uint64(C)):
                dx_[a + c] = share * dy_[o + c]
