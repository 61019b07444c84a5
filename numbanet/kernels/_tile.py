"""The register tile: C = S + A B for a few rows and one panel of columns, its sums held in registers.

Dense layers and convolutions are products of this form, with different ways to find a row. So rows are found through
tables of offsets into flat arrays: row i of A begins at a_at[i], and its elements come in runs, each `depth` elements
`step` apart, that begin at a_run[r] from there. The rows of B come in the same runs, which begin at b_run[r], each row
`brs` after the one before. For a dense layer that is one run; for a convolution a run is a line of the window. S is
what the sum starts from: the bias, zeros, or C itself where the depth is cut into blocks.

Flat arrays with unsigned indices, because Numba's wraparound of negative indices and its 2-D addressing keep LLVM
from vectorising. What the loops below look like decides whether their sums stay in registers: see `_make`.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from ._jit import DISABLED, INSTRUCTION_SET, apart, inline, like
from ._kernel import WORD, array_view

# Columns of a panel: two AVX-512 registers of float32. In plain Python, where every sum of a tile costs the same
# whether it is used or not, few.
COLUMNS, HALF = (4, 2) if DISABLED else (32, 16)
# Rows of a tile, and how many of them are one loop body. Share of the FMA peak at a depth of 256 in float32
# (November 2026, Xeon): 8 by 32 with AVX-512 96 %, 3 by 32 with AVX2 99 %; 12 by 32 92 %, 6 by 32 92 %. NEON is not
# measured: its 32 registers hold 2 by 32 or 4 by 16 sums and their factors.
TILE = "python" if DISABLED else INSTRUCTION_SET
ROWS, GROUP = {"avx512": (8, 4), "avx2": (3, 3), "neon": (2, 2), "python": (2, 2)}[TILE]
HALF_ROWS, HALF_GROUP = {"avx512": (8, 4), "avx2": (4, 4), "neon": (4, 4), "python": (2, 2)}[TILE]
# Two panels at once have twice the sums for the same loads of A. A core that feeds multiply-adds from its L1 cache does
# 1.07 loads a cycle (November 2026, Xeon): 8 by 32 with 10 loads for 16 of them 82 %, 4 by 64 with 8 loads 94 %.
# Without AVX-512's 32 registers the sums of a pair do not fit.
PAIRS = TILE in ("avx512", "python")
PAIR_ROWS = PAIR_GROUP = 2 if DISABLED else 4
SPARE = 8  # entries of a table of rows beyond its rows: they repeat the last, for a tile that reaches past it
BLOCK = 24  # rows of a block on the stack: whole tiles of every height
PAIR = 2 * COLUMNS
BLOCK_TABLE, BLOCK_CELLS, PAIR_CELLS = BLOCK + SPARE, BLOCK * COLUMNS, BLOCK * PAIR
DEPTH = 272  # rows of a packed panel: 34 KB in float32. A pair comes out of the L2 cache; 136 or 200 rows are no faster
LONG = 4 * COLUMNS  # columns of a single row's product
FEW = 32  # rows of A that do not repay the packing of B
INDEX = np.zeros(1, np.int64)  # a type for `stack`
# Numba compiles a helper anew for every constant it is called with, but not for these
ZERO, ONE, LINE, PAIR_LINE = np.int64(0), np.int64(1), np.int64(COLUMNS), np.int64(PAIR)


@intrinsic
def _stack(typing_context, size, a):
    if not isinstance(size, types.IntegerLiteral):
        return None  # Numba tries again with the literal
    count = size.literal_value
    result = types.Array(a.dtype, 1, "C")

    def generate(context, builder, signature, arguments):
        element = context.get_data_type(a.dtype)
        with builder.goto_entry_block():  # cgutils.alloca_once would fill it with zeros, element by element
            memory = builder.alloca(ir.ArrayType(element, count))
        memory.align = 64
        return array_view(context, builder, result, builder.bitcast(memory, element.as_pointer()), [WORD(count)])

    return result(size, a), generate


@intrinsic
def _flat(typing_context, a):
    result = types.Array(a.dtype, 1, "C")

    def generate(context, builder, signature, arguments):
        array = context.make_array(a)(context, builder, arguments[0])
        return array_view(context, builder, result, array.data, [array.nitems])

    return result(a), generate


def stack(size, a):
    """An array of `size` elements of a's type on the stack, undefined; `size` is a constant."""
    return np.full(size, np.nan if a.dtype.kind == "f" else -1, a.dtype)


def flat(a):
    """The elements of a C-contiguous array in one dimension; `ravel` takes Numba 0.5 s longer to compile."""
    return a.reshape(-1)


class _Flat(type(_flat)):  # type: ignore[misc]
    """An intrinsic that Python calls as Python: loops that it runs for a while need `flat`, too."""

    __call__ = staticmethod(flat)


if not DISABLED:
    _flat.__class__ = _Flat
    stack, flat = _stack, _flat


def _make(rows, group, columns):
    """The tile of `rows` by `columns`.

    The loop over columns has to be vectorised before it is unrolled. LLVM unrolls short loops first, so `group` rows
    share one loop body, which makes it long enough: without, an 8 by 32 tile runs at 8 GFLOP/s instead of 195. The
    last loop needs no group; with one it goes through memory, and the tile loses 10 %.
    """
    cells = rows * columns

    @apart
    def tile(i0, j0, runs, depth, a_, b_, s_, c_):
        a, a_at, a_run, step = a_
        b, b0, b_run, brs = b_
        s, s_at = s_
        c, c_at = c_
        total, at = stack(cells, a), stack(rows, a_at)
        for i in range(rows):
            at[i] = a_at[np.uint64(i0 + i)]
        for i in range(0, rows, group):
            for j in range(columns):
                for u in range(group):
                    total[(i + u) * columns + j] = s[np.uint64(s_at[np.uint64(i0 + i + u)] + j0 + j)]
        for r in range(runs):
            q, bo = a_run[np.uint64(r)], b0 + b_run[np.uint64(r)]
            for _ in range(depth):
                for i in range(0, rows, group):
                    for j in range(columns):
                        for u in range(group):
                            total[(i + u) * columns + j] += a[np.uint64(at[i + u] + q)] * b[np.uint64(bo + j)]
                q += step
                bo += brs
        for i in range(rows):
            ci = c_at[np.uint64(i0 + i)] + j0
            for j in range(columns):
                c[np.uint64(ci + j)] = total[i * columns + j]

    return tile


def _make_pair(rows, group, columns):
    """The tile of `rows` by two panels of `columns` for one run; in B, the second lies `gap` after the first."""
    wide = 2 * columns
    cells = rows * wide

    @apart
    def tile(i0, j0, gap, depth, a_, b_, s_, c_):
        a, a_at, a_run, step = a_
        b, b0, b_run, brs = b_
        s, s_at = s_
        c, c_at = c_
        total, at = stack(cells, a), stack(rows, a_at)
        for i in range(rows):
            at[i] = a_at[np.uint64(i0 + i)] + a_run[0]
        for i in range(0, rows, group):
            for j in range(wide):
                for u in range(group):
                    total[(i + u) * wide + j] = s[np.uint64(s_at[np.uint64(i0 + i + u)] + j0 + j)]
        q, bo = ZERO, b0 + b_run[0]
        for _ in range(depth):
            for i in range(0, rows, group):
                for j in range(columns):
                    for u in range(group):
                        total[(i + u) * wide + j] += a[np.uint64(at[i + u] + q)] * b[np.uint64(bo + j)]
            for i in range(0, rows, group):
                for j in range(columns):
                    for u in range(group):
                        total[(i + u) * wide + columns + j] += a[np.uint64(at[i + u] + q)] * b[np.uint64(bo + gap + j)]
            q += step
            bo += brs
        for i in range(rows):
            ci = c_at[np.uint64(i0 + i)] + j0
            for j in range(wide):
                c[np.uint64(ci + j)] = total[i * wide + j]

    return tile


_tile = _make(ROWS, GROUP, COLUMNS)
_pair = _make_pair(PAIR_ROWS, PAIR_GROUP, COLUMNS)
_half = _make(HALF_ROWS, HALF_GROUP, HALF)


def _wide(first, last, j0, runs, depth, a_, b_, s_, c_):
    for i in range(first, last, ROWS):
        _tile(i, j0, runs, depth, a_, b_, s_, c_)


@apart
def _whole(first, last, j0, runs, depth, a_, b_, s_, c_):
    for i in range(first, last, ROWS):
        _tile(i, j0, runs, depth, a_, b_, s_, c_)


@apart
def _halves(first, last, j0, runs, depth, a_, b_, s_, c_):
    b, b0, b_run, brs = b_
    for i in range(first, last, HALF_ROWS):
        _half(i, j0, runs, depth, a_, b_, s_, c_)
        _half(i, j0 + HALF, runs, depth, a_, (b, b0 + HALF, b_run, brs), s_, c_)


@overload(_wide, inline="always")
def _wide_by_type(first, last, j0, runs, depth, a_, b_, s_, c_):
    if a_[0].dtype == types.float32:
        return lambda first, last, j0, runs, depth, a_, b_, s_, c_: _whole(first, last, j0, runs, depth, a_, b_, s_, c_)
    # a register holds half as many elements of float64
    return lambda first, last, j0, runs, depth, a_, b_, s_, c_: _halves(first, last, j0, runs, depth, a_, b_, s_, c_)


@apart
def panel_product(first, last, j0, width, runs, depth, a_, b_, s_, c_):
    """C = S + A B for rows first..last and `width` <= COLUMNS columns from j0 on.

    `first` begins a tile. B has COLUMNS columns, or HALF where `width` is no more: what is right of `width` takes part
    in sums that are not written.
    """
    if width == COLUMNS:
        _wide(first, last, j0, runs, depth, a_, b_, s_, c_)
    elif width == HALF:
        for i in range(first, last, HALF_ROWS):
            _half(i, j0, runs, depth, a_, b_, s_, c_)
    else:
        _narrow(first, last, j0, width, runs, depth, a_, b_, s_, c_)


def _two(rows, j0, gap, depth, a_, b_, s_, c_):
    _together(rows, j0, gap, depth, a_, b_, s_, c_)


@apart
def _together(rows, j0, gap, depth, a_, b_, s_, c_):
    for i in range(0, rows, PAIR_ROWS):
        _pair(i, j0, gap, depth, a_, b_, s_, c_)


@apart
def _in_turn(rows, j0, gap, depth, a_, b_, s_, c_):
    b, b0, b_run, brs = b_
    panel_product(ZERO, rows, j0, LINE, ONE, depth, a_, b_, s_, c_)
    panel_product(ZERO, rows, j0 + COLUMNS, LINE, ONE, depth, a_, (b, b0 + gap, b_run, brs), s_, c_)


@overload(_two, inline="always")
def _two_by_type(rows, j0, gap, depth, a_, b_, s_, c_):
    if PAIRS and a_[0].dtype == types.float32:
        return lambda rows, j0, gap, depth, a_, b_, s_, c_: _together(rows, j0, gap, depth, a_, b_, s_, c_)
    return lambda rows, j0, gap, depth, a_, b_, s_, c_: _in_turn(rows, j0, gap, depth, a_, b_, s_, c_)


@inline
def panels_product(rows, j0, width, gap, depth, a_, b_, s_, c_):
    """C = S + A B for one run: a panel, as above, or two whole ones where `width` is PAIR."""
    if width == PAIR:
        _two(rows, j0, gap, depth, a_, b_, s_, c_)
    else:
        panel_product(ZERO, rows, j0, width, ONE, depth, a_, b_, s_, c_)


@apart
def _narrow(first, last, j0, width, runs, depth, a_, b_, s_, c_):
    """The sums of other widths go through a block on the stack."""
    a, a_at, a_run, step = a_
    s, s_at = s_
    c, c_at = c_
    part, line = stack(BLOCK_CELLS, a), stack(COLUMNS, a)
    row_at, part_at, start_at = stack(BLOCK_TABLE, a_at), stack(BLOCK_TABLE, a_at), stack(BLOCK_TABLE, a_at)
    alike = s_at[first] == s_at[last - 1]  # every sum starts from the same row, such as the bias
    clear(part)
    clear(line)
    steps(np.int64(BLOCK_TABLE), ZERO, ZERO, start_at, ZERO)
    for j in range(width if alike else 0):
        line[j] = s[np.uint64(s_at[first] + j0 + j)]
    for i0 in range(first, last, BLOCK):
        here = min(BLOCK, last - i0)
        ladder(here, ZERO, LINE, part_at)
        for i in range(np.uint64(here + SPARE)):
            row_at[i] = a_at[np.uint64(i0) + i]
        if not alike:
            ladder(here, ZERO, LINE, start_at)
        for i in range(0 if alike else here):
            to, si = np.uint64(i * COLUMNS), np.uint64(s_at[i0 + i] + j0)
            for j in range(np.uint64(width)):
                part[to + j] = s[si + j]
        block_, start_ = (a, row_at, a_run, step), (line if alike else part, start_at)
        if width < HALF:
            for i in range(0, here, HALF_ROWS):
                _half(i, ZERO, runs, depth, block_, b_, start_, (part, part_at))
        else:
            _wide(ZERO, here, ZERO, runs, depth, block_, b_, start_, (part, part_at))
        _write(here, j0, width, part, c, c_at[i0 : i0 + here])


@apart
def panel_sum(rows, j0, width, gap, depth, a_, b_, c_):
    """C += A B for one run of one or two panels, whose sum is taken by itself.

    A single sum of thousands of terms loses digits.
    """
    a, a_at, a_run, step = a_
    c, c_at = c_
    part, zeros = stack(PAIR_CELLS, a), stack(PAIR, a)
    part_at, start_at = stack(BLOCK_TABLE, a_at), stack(BLOCK_TABLE, a_at)
    clear(zeros)
    steps(np.int64(BLOCK_TABLE), ZERO, ZERO, start_at, ZERO)
    for i0 in range(0, rows, BLOCK):
        here = min(BLOCK, rows - i0)
        ladder(here, ZERO, PAIR_LINE, part_at)
        rows_ = (a, a_at[i0 : i0 + here + SPARE], a_run, step)
        panels_product(here, ZERO, width, gap, depth, rows_, b_, (zeros, start_at), (part, part_at))
        for i in range(here):
            ci, pi = np.uint64(c_at[i0 + i] + j0), np.uint64(i * PAIR)
            for j in range(np.uint64(width)):
                c[ci + j] += part[pi + j]


@apart
def row_product(width, depth, a_, b_, c_):
    """C += A B for a single row and `width` columns of B, of which every element is needed only once.

    A and C: an array and where the row begins. B: an array, where it begins, and the step from one row to the next.
    So many columns at a time that memory, not the latency of the sums, is the limit: 160 GB/s out of the L2 cache.
    """
    a, a0 = a_
    b, b0, brs = b_
    c, c0 = c_
    total = stack(LONG, c)
    whole = width // LONG * LONG
    for j0 in range(0, whole, LONG):
        for j in range(LONG):
            total[j] = c[np.uint64(c0 + j0 + j)]
        bo = b0 + j0
        for k in range(depth):
            factor = a[np.uint64(a0 + k)]
            for j in range(LONG):
                total[j] += factor * b[np.uint64(bo + j)]
            bo += brs
        for j in range(LONG):
            c[np.uint64(c0 + j0 + j)] = total[j]
    line = total[: width - whole]
    for j in range(line.size):
        line[j] = c[np.uint64(c0 + whole + j)]
    for k in range(depth if line.size else 0):
        factor, bo = a[np.uint64(a0 + k)], np.uint64(b0 + k * brs + whole)
        for j in range(np.uint64(line.size)):
            line[j] += factor * b[bo + j]
    for j in range(line.size):
        c[np.uint64(c0 + whole + j)] = line[j]


@inline
def _write(rows, j0, width, part, c, c_at):
    """C = the block on the stack. Where its rows lie one after another, whole registers reach into the next row."""
    half, end = stack(HALF, c), c_at[rows - 1] + width
    i, together = 0, width < HALF and j0 == 0
    for k in range(1, rows):
        together = together and c_at[k] == c_at[k - 1] + width
    if together:
        while c_at[i] + HALF <= end:
            for j in range(HALF):
                half[j] = part[np.uint64(i * COLUMNS + j)]
            for j in range(HALF):
                c[np.uint64(c_at[i] + j)] = half[j]
            i += 1
    while i < rows:
        ci = np.uint64(c_at[i] + j0)
        for j in range(np.uint64(width)):
            c[ci + j] = part[np.uint64(i * COLUMNS) + j]
        i += 1


@inline
def clear(a):
    """a = 0. (A helper that is inlined cannot return a stack: the memory's life ends with it.)"""
    for i in range(a.size):
        a[i] = like(0.0, a)


@inline
def steps(count, start, step, at, first):
    """at[first + i] = start + i step for `count` places."""
    begin = np.uint64(first)
    for i in range(np.uint64(count)):
        at[begin + i] = start + np.int64(i) * step


@inline
def spare(count, at):
    """Repeat the last of `count` places."""
    steps(np.int64(SPARE), at[count - 1], ZERO, at, count)


@inline
def ladder(count, start, step, at):
    """at[i] = start + i step for `count` rows; the spare entries repeat the last."""
    steps(count, start, step, at, ZERO)
    spare(count, at)
