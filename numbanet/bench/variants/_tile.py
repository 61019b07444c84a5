"""Products on the register tile of the ladders: numbanet.kernels._tile without its tables, packing and odd widths."""

import numpy as np

from ...kernels._jit import DISABLED, INSTRUCTION_SET, apart
from ...kernels._tile import stack

# Sums of a tile: 16 of the 32 registers of AVX-512 in float32, 8 of the 16 of AVX2; in plain Python, few.
ROWS = 4
COLUMNS = 4 if DISABLED else 64 if INSTRUCTION_SET == "avx512" else 16
CELLS = ROWS * COLUMNS


@apart
def tile(runs, depth, a_, b_, s_, c_):
    """C = S + A B for ROWS rows and COLUMNS columns, with A and B in `runs` pieces of `depth` elements and rows.

    A matrix: its flat array, where the tile begins, and the steps from one row to the next and, of A and B, from one
    piece to the next.
    """
    a, a0, a_step, a_run = a_
    b, b0, b_step, b_run = b_
    s, s0, s_step = s_
    c, c0, c_step = c_
    sums = stack(CELLS, a)
    for j in range(COLUMNS):
        for i in range(ROWS):
            sums[i * COLUMNS + j] = s[np.uint64(s0 + i * s_step + j)]
    for r in range(runs):
        p, q = a0 + r * a_run, b0 + r * b_run
        for _ in range(depth):
            for j in range(COLUMNS):
                for i in range(ROWS):  # the innermost: LLVM unrolls it, and makes vectors of the loop around it
                    sums[i * COLUMNS + j] += a[np.uint64(p + i * a_step)] * b[np.uint64(q + j)]
            p += 1
            q += b_step
    for i in range(ROWS):
        for j in range(COLUMNS):
            c[np.uint64(c0 + i * c_step + j)] = sums[i * COLUMNS + j]


@apart
def product(rows, columns, runs, depth, a_, b_, s_, c_):
    """C = S + A B for matrices as `tile` takes them: in tiles, and without them what is left beside and below those."""
    a, a0, a_step, a_run = a_
    b, b0, b_step, b_run = b_
    s, s0, s_step = s_
    c, c0, c_step = c_
    whole_rows, whole_columns = rows // ROWS * ROWS, columns // COLUMNS * COLUMNS
    for j in range(0, whole_columns, COLUMNS):
        for i in range(0, whole_rows, ROWS):
            own_a, own_b = (a, a0 + i * a_step, a_step, a_run), (b, b0 + j, b_step, b_run)
            tile(runs, depth, own_a, own_b, (s, s0 + i * s_step + j, s_step), (c, c0 + i * c_step + j, c_step))
    for i in range(rows):
        first, start, line = whole_columns if i < whole_rows else 0, s0 + i * s_step, c0 + i * c_step
        for j in range(first, columns):
            c[np.uint64(line + j)] = s[np.uint64(start + j)]
        for r in range(runs if first < columns else 0):
            for k in range(depth):
                factor, row = a[np.uint64(a0 + i * a_step + r * a_run + k)], b0 + r * b_run + k * b_step
                for j in range(first, columns):
                    c[np.uint64(line + j)] += factor * b[np.uint64(row + j)]
