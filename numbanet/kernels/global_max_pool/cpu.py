"""numbanet.kernels.global_max_pool in blocks of samples: a task owns its samples.

Positions follow one another as they lie in memory, and the row of maxima stays in the L1 cache.
"""

import numpy as np

from .._jit import like
from .._kernel import kernel
from .._pooling import fill, largest
from .._rows import row_block, row_blocks
from .._tile import flat


@kernel(tasks=lambda x, argmax, y: row_blocks(len(x), x[0].size))
def forward(task, x, argmax, y):
    N, T, C = x.shape
    first, last = row_block(task, N, T * C)
    x_, argmax_, y_ = flat(x), flat(argmax), flat(y)
    for n in range(first, last):
        fill(like(-np.inf, y), y_, n * C, C)
        fill(like(0, argmax), argmax_, n * C, C)
        # F1, F2 for two positions at a time
        for t in range(0, T, 2):
            beside = min(1, T - 1 - t)  # 0: the last of an odd number is its own neighbour
            largest(1, C, t, beside, (x_, (n * T + t) * C, 0), (y_, argmax_, n * C))


@kernel(tasks=lambda dy, argmax, dx: row_blocks(len(dx), dx[0].size))
def backward(task, dy, argmax, dx):
    N, T, C = dx.shape
    first, last = row_block(task, N, T * C)
    dy_, argmax_, dx_ = flat(dy), flat(argmax), flat(dx)
    zero = like(0.0, dx)
    for n in range(first, last):
        o = np.uint64(n * C)
        for t in range(T):
            # B1
            a, k = np.uint64((n * T + t) * C), like(t, argmax)
            for c in range(np.uint64(C)):
                g, found = dy_[o + c], argmax_[o + c]
                dx_[a + c] = g if found == k else zero
