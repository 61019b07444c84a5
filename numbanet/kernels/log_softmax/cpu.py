"""numbanet.kernels.log_softmax in blocks of rows, on the loops of softmax; what is written is first their scratch."""

import math

import numpy as np

from .._jit import like
from .._kernel import kernel
from .._math import exp
from .._rows import largest, row_block, row_blocks
from .._special import minus
from .._tile import flat
from ..softmax.cpu import exponentials


@kernel(tasks=lambda x, y: row_blocks(*x.shape))
def forward(task, x, y):
    C = x.shape[1]
    first, last = row_block(task, *x.shape)
    exponentials(first, last, x, y)
    z = flat(x)
    for r in range(first, last):
        # F2
        total = like(0.0, y)
        for c in range(C):
            total += y[r, c]
        m, log_total = largest(r * C, C, z), like(math.log(total), y)
        for c in range(C):
            y[r, c] = minus(x[r, c] - m, log_total)


@kernel(tasks=lambda dy, y, dx: row_blocks(*y.shape))
def backward(task, dy, y, dx):
    C = y.shape[1]
    first, last = row_block(task, *y.shape)
    z, e = flat(y), flat(dx)
    for i in range(first * C, last * C):
        e[np.uint64(i)] = exp(z[np.uint64(i)])
    for r in range(first, last):
        # B1
        total = like(0.0, y)
        for c in range(C):
            total += dy[r, c]
        for c in range(C):
            dx[r, c] = dy[r, c] - dx[r, c] * total
