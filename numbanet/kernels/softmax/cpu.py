"""numbanet.kernels.softmax in blocks of rows: a task owns its rows.

A row of ten classes is shorter than a vector, and exp in scalars takes 3 ns: so the exponents of all rows of a task are
written first, and exp runs over them as one array.
"""

import numpy as np

from .._jit import inline, like
from .._kernel import kernel
from .._math import exp
from .._tile import flat, stack

ELEMENTS = 16384  # of a task
LANES = 16


def blocks(R, C):
    """The number of tasks for R rows of C."""
    return -(-R // max(1, ELEMENTS // C))


@inline
def block(task, x):
    """The rows of a task: the first, and the one past the last."""
    R, C = x.shape
    rows = max(1, ELEMENTS // C)
    return task * rows, min(R, task * rows + rows)


@inline
def exponentials(first, last, x, y):
    """Y = e^(x - m) for rows of x."""
    C = x.shape[1]
    z, e = flat(x), flat(y)
    for r in range(first, last):
        # F1
        m = largest(r * C, C, z)
        for i in range(r * C, r * C + C):
            e[np.uint64(i)] = z[np.uint64(i)] - m
    for i in range(first * C, last * C):
        e[np.uint64(i)] = exp(e[np.uint64(i)])


@inline
def largest(start, C, x):
    """The maximum of a row, in lanes: LLVM does not vectorise one maximum where NaN may be."""
    whole = C // LANES * LANES
    m = x[np.uint64(start)]
    if whole > 0:
        lane = stack(LANES, x)
        for j in range(LANES):
            lane[j] = x[np.uint64(start + j)]
        for c in range(LANES, whole, LANES):
            for j in range(LANES):
                v = x[np.uint64(start + c + j)]
                lane[j] = v if v > lane[j] else lane[j]
        for j in range(LANES):
            m = lane[j] if lane[j] > m else m
    for c in range(whole, C):
        v = x[np.uint64(start + c)]
        m = v if v > m else m
    return m


@kernel(tasks=lambda x, y: blocks(*x.shape))
def forward(task, x, y):
    C = x.shape[1]
    first, last = block(task, x)
    exponentials(first, last, x, y)
    for r in range(first, last):
        # F2
        total = like(0.0, y)
        for c in range(C):
            total += y[r, c]
        scale = like(1.0, y) / total
        for c in range(C):
            y[r, c] *= scale


@kernel(tasks=lambda dy, y, dx: blocks(*y.shape))
def backward(task, dy, y, dx):
    C = y.shape[1]
    first, last = block(task, y)
    for r in range(first, last):
        # B1
        total = like(0.0, y)
        for c in range(C):
            total += dy[r, c] * y[r, c]
        for c in range(C):
            dx[r, c] = y[r, c] * (dy[r, c] - total)
