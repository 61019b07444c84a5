"""numbanet.kernels.dense on the register tile: a task owns a block of rows and some panels of columns."""

import numpy as np

from .._jit import apart, inline, like
from .._kernel import kernel
from .._pack import STACKED, pack, pack_stack
from .._tile import (
    COLUMNS,
    DEPTH,
    FEW,
    INDEX,
    LINE,
    LONG,
    ONE,
    PAIR,
    SPARE,
    ZERO,
    clear,
    flat,
    ladder,
    panel_sum,
    panels_product,
    row_product,
    stack,
)

ROWS, PANELS = 256, 8  # of a task, at most: a block of A, 256 deep, and its part of C then stay in the L2 cache
TASKS = 8  # that a product is cut into, at least, if it has as many panels
WIDTH = COLUMNS * PANELS
TABLE, RIGHT, LEFT = ROWS + SPARE, DEPTH * WIDTH, DEPTH * ROWS
MANY = 3  # panels that repay the packing of A
LINES, TURNS = 32, 16  # of all panels of B, of all rows of A, that are packed at a time
FLOPS, FLOPS_ALONE = 150e3, 20e3  # in a microsecond on one core, roughly; a single row waits for memory


@inline
def _cut(rows, columns):
    """The rows and columns of a task: as even as whole tiles allow."""
    down, across = (rows + ROWS - 1) // ROWS, (columns + COLUMNS - 1) // COLUMNS
    least = LONG // COLUMNS if rows == 1 else 1
    panels = min(max(down * across // TASKS, least), PANELS)
    return ((rows + down - 1) // down + 7) // 8 * 8, panels * COLUMNS


def _tasks(rows, columns):
    height, width = _cut(rows, columns)
    return -(-rows // height) * -(-columns // width)


def _work(rows, columns, depth):
    return 2 * rows * columns * depth / (FLOPS_ALONE if rows == 1 else FLOPS) / _tasks(rows, columns)


@inline
def _place(task, rows, columns):
    """The first and last row and column of a task."""
    height, width = _cut(rows, columns)
    across = (columns + width - 1) // width
    i0, j0 = task // across * height, task % across * width
    return i0, min(i0 + height, rows), j0, min(j0 + width, columns)


@inline
def _pack_left(i0, rows, p0, depth, a_, left):
    """A block of a transposed A, STACKED rows of it together, which then lie in memory as the tile reads them."""
    a, _, acs = a_
    for q0 in range(0, depth, TURNS):
        for i in range(0, rows, STACKED):
            rows_ = (a, i0 + i + (p0 + q0) * acs, acs)
            pack_stack(min(TURNS, depth - q0), min(STACKED, rows - i), rows_, left, i * DEPTH + q0 * STACKED)


@inline
def _pack_right(j0, j1, p0, depth, b_, right):
    """A block of B as panels. Some lines of all panels at a time: so the processor foresees what is read next."""
    b, brs, bcs = b_
    few = LINES if bcs == 1 else depth
    for q0 in range(0, depth, few):
        for j in range(j0, j1, COLUMNS):
            lines = (b, (p0 + q0) * brs + j * bcs, brs, bcs)
            pack(min(few, depth - q0), min(COLUMNS, j1 - j), lines, right, (j - j0) * DEPTH + q0 * COLUMNS)


@inline
def _even(depth):
    """The depth of a block: as even as DEPTH allows. What a block adds up to is added to the others."""
    blocks = (depth + DEPTH - 1) // DEPTH
    return (depth + blocks - 1) // blocks


@inline
def _multiply_row(first, width, depth, a_, b_, c):
    """C += A B for a single row, in the same sums as more rows."""
    a, a0 = a_
    b, b0, brs = b_
    part, even = stack(WIDTH, c), _even(depth)
    row_product(width, min(even, depth), (a, a0), b_, (c, first))
    for p0 in range(even, depth, even):
        clear(part)
        row_product(width, min(even, depth - p0), (a, a0 + p0), (b, b0 + p0 * brs, brs), (part, ZERO))
        for j in range(np.uint64(width)):
            c[np.uint64(first) + j] += part[j]


@apart
def _multiply(place, depth, a_, b_, s_, c_):
    """C = S + A B for the rows and columns of `place`; a matrix is its array and its two strides.

    A transposed A is packed where many panels use it, and B unless few rows use it as it lies in memory.
    """
    i0, i1, j0, j1 = place
    a, ars, acs = a_
    b, brs, bcs = b_
    s, srs, scs = s_
    c, crs = c_
    if i1 - i0 == 1 and acs == 1 and bcs == 1:
        first = i0 * crs + j0
        for j in range(j1 - j0):
            c[np.uint64(first + j)] = s[np.uint64(i0 * srs + (j0 + j) * scs)]
        _multiply_row(first, j1 - j0, depth, (a, i0 * ars), (b, j0, brs), c)
        return
    rows, many = i1 - i0, ars == 1 and j1 - j0 >= MANY * COLUMNS
    few = bcs == 1 and rows < FEW and (j1 - j0) % COLUMNS == 0
    a_at, s_at, c_at = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    a_run, b_run, right, left = stack(1, INDEX), stack(1, INDEX), stack(RIGHT, a), stack(LEFT, a)
    b_run[0] = 0
    ladder(rows, i0 * crs, crs, c_at)
    if many:
        for i in range(rows + SPARE):
            k = min(i, rows - 1)
            a_at[i] = k // STACKED * STACKED * DEPTH + k % STACKED
    else:
        ladder(rows, i0 * ars, ars, a_at)
    even = _even(depth)
    for p0 in range(0, depth, even):
        chunk = min(even, depth - p0)
        if many:
            _pack_left(i0, rows, p0, chunk, a_, left)
        if not few:
            _pack_right(j0, j1, p0, chunk, b_, right)
        a_run[0] = 0 if many else p0 * acs
        rows_ = (left if many else a, a_at, a_run, np.int64(STACKED) if many else acs)
        gap, j = LINE if few else np.int64(DEPTH * COLUMNS), j0
        while j < j1:
            width = PAIR if j1 - j >= PAIR else min(COLUMNS, j1 - j)
            panel_ = (b, p0 * brs + j, b_run, brs) if few else (right, (j - j0) * DEPTH, b_run, LINE)
            if p0 == 0:
                ladder(rows, j * scs - j, srs, s_at)
                panels_product(rows, j, width, gap, chunk, rows_, panel_, (s, s_at), (c, c_at))
            else:
                panel_sum(rows, j, width, gap, chunk, rows_, panel_, (c, c_at))
            j += width


@kernel(tasks=lambda x, w, b, y: _tasks(*y.shape), work=lambda x, w, b, y: _work(*y.shape, len(w)))
def forward(task, x, w, b, y):
    I, O = w.shape
    # F1
    _multiply(_place(task, len(x), O), I, (flat(x), I, ONE), (flat(w), O, ONE), (b, ZERO, ONE), (flat(y), O))


@kernel(tasks=lambda x, w, y: _tasks(*y.shape), work=lambda x, w, y: _work(*y.shape, len(w)))
def forward_without_bias(task, x, w, y):
    I, O = w.shape
    place, zeros = _place(task, len(x), O), stack(PAIR, x)
    clear(zeros)
    # F1 with b = 0
    _multiply(place, I, (flat(x), I, ONE), (flat(w), O, ONE), (zeros, ZERO, ZERO), (flat(y), O))


@kernel(tasks=lambda dy, w, dx: _tasks(*dx.shape), work=lambda dy, w, dx: _work(*dx.shape, dy.shape[1]))
def backward_input(task, dy, w, dx):
    I, O = w.shape
    place, zeros = _place(task, len(dy), I), stack(PAIR, dy)
    clear(zeros)
    # B1: w is read as its transpose
    _multiply(place, O, (flat(dy), O, ONE), (flat(w), ONE, O), (zeros, ZERO, ZERO), (flat(dx), I))


@kernel(tasks=lambda dy, x, dw: _tasks(*dw.shape), work=lambda dy, x, dw: _work(*dw.shape, len(x)))
def backward_kernel(task, dy, x, dw):
    I, O = dw.shape
    place, zeros = _place(task, I, O), stack(PAIR, dy)
    clear(zeros)
    # B2: x is read as its transpose
    _multiply(place, len(x), (flat(x), ONE, I), (flat(dy), O, ONE), (zeros, ZERO, ZERO), (flat(dw), O))


@kernel(tasks=lambda dy, db: -(-db.size // COLUMNS), work=lambda dy, db: len(dy) * COLUMNS / 10e3)
def backward_bias(task, dy, db):
    o0 = task * COLUMNS
    o1 = min(db.size, o0 + COLUMNS)
    # B3
    gradient, O = flat(dy), np.uint64(db.size)
    for o in range(np.uint64(o0), np.uint64(o1)):
        db[o] = like(0.0, db)
    for n in range(np.uint64(dy.shape[0])):
        for o in range(np.uint64(o0), np.uint64(o1)):
            db[o] += gradient[n * O + o]
