"""Copies of blocks of a matrix, in the order in which the register tile (_tile.py) reads them."""

from __future__ import annotations

import numpy as np

from ._jit import DISABLED, apart, inline, like
from ._tile import COLUMNS, stack

STACKED = 8  # columns of what `pack_stack` makes
TURNED, TURNED_ROWS = (2, 4) if DISABLED else (8, 64)
TURNED_CELLS = TURNED * TURNED_ROWS


@apart
def _turn(depth, width, b_, panel, q):
    """The part of `pack` for a transposed B: TURNED columns after another, a block of them at a time.

    LLVM turns such a block with shuffles, 2.5 ns for 16 elements; what it makes of more columns gathers, 4.8 ns.
    """
    b, bo, _, bcs = b_
    block = stack(TURNED_CELLS, b)
    whole = width // TURNED * TURNED
    for j0 in range(0, whole, TURNED):
        for p0 in range(0, depth, TURNED_ROWS):
            here, first = min(TURNED_ROWS, depth - p0), bo + p0 + j0 * bcs
            for p in range(here):
                for j in range(TURNED):
                    block[np.uint64(p * TURNED + j)] = b[np.uint64(first + p + j * bcs)]
            for p in range(here):
                for j in range(TURNED):
                    panel[np.uint64(q + (p0 + p) * COLUMNS + j0 + j)] = block[np.uint64(p * TURNED + j)]
    for p in range(depth if whole < COLUMNS else 0):
        for j in range(whole, width):
            panel[np.uint64(q + p * COLUMNS + j)] = b[np.uint64(bo + p + j * bcs)]
        for j in range(width, COLUMNS):
            panel[np.uint64(q + p * COLUMNS + j)] = like(0.0, panel)


def _make_pack(columns):
    @apart
    def copy(depth, width, b_, panel, q):
        b, bo, brs = b_
        line = stack(columns, b)
        # whole registers, while B has them: the tile's sums of what lies right of B are not written
        whole = depth if width == columns else max(min(depth, (b.size - columns - bo + brs) // max(brs, 1)), 0)
        for p in range(whole):  # B and the panel might be one memory, for all LLVM knows: first read, then write
            for j in range(columns):
                line[j] = b[np.uint64(bo + p * brs + j)]
            for j in range(columns):
                panel[np.uint64(q + p * columns + j)] = line[j]
        for p in range(whole, depth):
            for j in range(width):
                panel[np.uint64(q + p * columns + j)] = b[np.uint64(bo + p * brs + j)]
            for j in range(width, columns):
                panel[np.uint64(q + p * columns + j)] = like(0.0, panel)

    return copy


_copy = _make_pack(COLUMNS)
pack_stack = _make_pack(STACKED)


@inline
def pack(depth, width, b_, panel, q):
    """Copy `depth` rows of `width` elements of B to the panel from q on, with any numbers to their right.

    One of B's two strides is 1: the other one for a transposed matrix.
    """
    b, bo, brs, bcs = b_
    if bcs == 1:
        _copy(depth, width, (b, bo, brs), panel, q)
    else:
        _turn(depth, width, b_, panel, q)
