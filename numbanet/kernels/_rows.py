"""Row-wise kernels cut matrices into blocks of whole rows: a task owns its rows.

@kernel(tasks=lambda x, y: row_blocks(*x.shape))
def forward(task, x, y):
    first, last = row_block(task, *x.shape)
"""

from __future__ import annotations

import numpy as np

from ._jit import inline
from ._tile import stack

ELEMENTS = 16384  # of a task, and at least one row: 2 to 60 us in float32 on one core
LANES = 16  # maxima of a row kept side by side: a vector of float32


def row_blocks(R, C):
    """The number of tasks for R rows of C."""
    return -(-R // max(1, ELEMENTS // C))


@inline
def row_block(task, R, C):
    """The rows of a task: the first, and the one past the last."""
    rows = max(1, ELEMENTS // C)
    return task * rows, min(R, task * rows + rows)


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
