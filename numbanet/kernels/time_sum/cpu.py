"""numbanet.kernels.time_sum on the register tile: steps that count are packed one after another, then multiplied."""

import numpy as np

from .._jit import apart, inline, like
from .._kernel import kernel
from .._pack import STACKED, pack, pack_stack
from .._tile import (
    COLUMNS,
    DEPTH,
    INDEX,
    LINE,
    ONE,
    PAIR,
    SPARE,
    ZERO,
    clear,
    flat,
    ladder,
    panel_sum,
    panels_product,
    stack,
    steps,
)

ROWS, PANELS = 256, 8  # of a task, at most
TASKS = 8  # that a sum is cut into, at least, if it has as many panels
TABLE, RIGHT, LEFT = ROWS + SPARE, DEPTH * COLUMNS * PANELS, DEPTH * ROWS
LINES = 16  # steps that are packed at a time
BIAS = 128  # columns of a task of the bias
FLOPS = 120e3  # in a microsecond on one core, roughly


@inline
def _cut(rows, columns):
    """The rows and columns of a task: as even as whole tiles allow."""
    down, across = (rows + ROWS - 1) // ROWS, (columns + COLUMNS - 1) // COLUMNS
    panels = min(max(down * across // TASKS, 1), PANELS)
    return ((rows + down - 1) // down + 7) // 8 * 8, panels * COLUMNS


def _tasks(rows, columns):
    across = columns[1] - columns[0]
    height, width = _cut(rows, across)
    return -(-rows // height) * -(-across // width)


@apart
def _pack(count, place, a_, dz_, filled, left, right):
    """`count` steps of a sample, behind those that are there."""
    i0, i1, j0, j1 = place
    a, a_at, I = a_
    dz, z_at, O = dz_
    for first in range(0, count, LINES):
        few, p = min(LINES, count - first), filled + first
        for i in range(i0, i1, STACKED):
            rows_ = (a, a_at + first * I + i, I)
            pack_stack(few, min(STACKED, i1 - i), rows_, left, (i - i0) * DEPTH + p * STACKED)
        for j in range(j0, j1, COLUMNS):
            lines_ = (dz, z_at + first * O + j, O, ONE)
            pack(few, min(COLUMNS, j1 - j), lines_, right, (j - j0) * DEPTH + p * COLUMNS)


@inline
def _keep(count, i0, i1, keep, k0, filled, left):
    for i in range(i0, i1):
        factor, first = keep[np.uint64(k0 + i)], (i - i0) // STACKED * STACKED * DEPTH + (i - i0) % STACKED
        for p in range(filled, filled + count):
            left[np.uint64(first + p * STACKED)] *= factor


@kernel(
    tasks=lambda dz, a, mask, keep, shift, columns, dw: _tasks(len(dw), columns),
    work=lambda dz, a, mask, keep, shift, columns, dw: 2 * mask.size * dw.size / FLOPS / _tasks(len(dw), columns),
)
def backward_kernel(task, dz, a, mask, keep, shift, columns, dw):
    N, T, O = dz.shape
    A, I = a.shape[1:]
    height, width = _cut(I, columns[1] - columns[0])
    over = (columns[1] - columns[0] + width - 1) // width
    i0, j0 = task // over * height, columns[0] + task % over * width
    i1, j1 = min(i0 + height, I), min(j0 + width, columns[1])
    a_at, s_at, c_at, runs = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(1, INDEX)
    left, right, zeros = stack(LEFT, dz), stack(RIGHT, dz), stack(PAIR, dz)
    out, rows = flat(dw), i1 - i0
    clear(zeros)
    runs[0] = 0
    ladder(rows, i0 * O, O, c_at)
    for i in range(rows + SPARE):
        k = min(i, rows - 1)
        a_at[i] = k // STACKED * STACKED * DEPTH + k % STACKED
    n, s, done = 0, 0, False
    while n < N or not done:
        filled = 0
        while n < N and filled < DEPTH:
            while s < T and mask[n, s] == 0.0:
                s += 1
            first = s
            while s < T and filled + s - first < DEPTH and mask[n, s] != 0.0:
                s += 1
            count = s - first
            if count > 0:
                rows_, lines_ = (flat(a), (n * A + first + shift) * I, I), (flat(dz), (n * T + first) * O, O)
                _pack(count, (i0, i1, j0, j1), rows_, lines_, filled, left, right)
                if keep.size:
                    _keep(count, i0, i1, flat(keep), n * I, filled, left)
            filled += count
            if s == T:
                n, s = n + 1, 0
        # B1
        gap, j = np.int64(DEPTH * COLUMNS), j0
        while j < j1:
            width = PAIR if j1 - j >= PAIR else min(COLUMNS, j1 - j)
            b_, a_ = (right, (j - j0) * DEPTH, runs, LINE), (left, a_at, runs, np.int64(STACKED))
            if done:
                panel_sum(rows, j, width, gap, filled, a_, b_, (out, c_at))
            else:
                steps(np.int64(rows + SPARE), -j, ZERO, s_at, ZERO)
                panels_product(rows, j, width, gap, filled, a_, b_, (zeros, s_at), (out, c_at))
            j += width
        done = True


@kernel(tasks=lambda dz, mask, db: -(-db.size // BIAS), work=lambda dz, mask, db: mask.size * BIAS / 4e3)
def backward_bias(task, dz, mask, db):
    N, T, O = dz.shape
    first, total = task * BIAS, stack(BIAS, dz)
    line, rows = total[: min(BIAS, O - first)], flat(dz)
    for o in range(line.size):
        line[o] = like(0.0, dz)
    # B2
    for n in range(N):
        for s in range(T):
            if mask[n, s] != 0.0:
                row = rows[(n * T + s) * O + first :]
                for o in range(line.size):
                    line[o] += row[o]
    for o in range(line.size):
        db[first + o] = line[o]
