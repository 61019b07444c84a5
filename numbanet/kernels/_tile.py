"""The register tile: C += A B for a few rows and one panel of columns, its sums held in registers.

A matrix is a tuple over a flat array: (array, offset, row stride), and (array, offset, row stride, column stride)
where columns may be strided too. Flat arrays with unsigned indices, because Numba's wraparound of negative indices
and its 2-D addressing keep LLVM from vectorising. The column loop stands outside the row loop: the other order is
unrolled before it is vectorised and runs at 11 GFLOP/s instead of 170 (November 2026, Xeon with AVX-512).
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ._jit import DISABLED, apart, inline, like
from ._kernel import WORD, array_view

ROWS, COLUMNS = 4, 32  # the tile; rows divide the usual batch sizes
DEPTH = 256  # rows of a packed panel: 32 KB in float32, which stays in the L1 cache
FEW = 16  # rows of A that do not repay the packing of B
TILE, PANEL = ROWS * COLUMNS, DEPTH * COLUMNS


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
    return np.full(size, np.nan, a.dtype)


def flat(a):
    """The elements of a C-contiguous array in one dimension; `ravel` takes Numba 0.5 s longer to compile."""
    return a.reshape(-1)


if not DISABLED:
    stack, flat = _stack, _flat


@apart
def tile(depth, a_, b_, c_):
    """C += A B for ROWS rows and COLUMNS columns."""
    a, ao, ars, acs = a_
    b, bo, brs = b_
    c, co, crs = c_
    total = stack(TILE, a)
    for q in range(TILE):
        total[q] = like(0.0, a)
    for p in range(depth):
        for j in range(COLUMNS):
            bpj = b[np.uint64(bo + p * brs + j)]
            for i in range(ROWS):
                total[i * COLUMNS + j] += a[np.uint64(ao + i * ars + p * acs)] * bpj
    for j in range(COLUMNS):
        for i in range(ROWS):
            c[np.uint64(co + i * crs + j)] += total[i * COLUMNS + j]


@apart
def row(depth, a_, b_, c_):
    """C += A B for one row and COLUMNS columns."""
    a, ao, _, acs = a_
    b, bo, brs = b_
    c, co, _ = c_
    total = stack(COLUMNS, a)
    for j in range(COLUMNS):
        total[j] = like(0.0, a)
    for p in range(depth):
        ap = a[np.uint64(ao + p * acs)]
        for j in range(COLUMNS):
            total[j] += ap * b[np.uint64(bo + p * brs + j)]
    for j in range(COLUMNS):
        c[np.uint64(co + j)] += total[j]


@apart
def _whole(rows, depth, a_, b_, c_):
    """C += A B for one whole panel of columns."""
    a, ao, ars, acs = a_
    c, co, crs = c_
    i = 0
    while i + ROWS <= rows:
        tile(depth, (a, ao + i * ars, ars, acs), b_, (c, co + i * crs, crs))
        i += ROWS
    while i < rows:
        row(depth, (a, ao + i * ars, ars, acs), b_, (c, co + i * crs, crs))
        i += 1


@apart
def _narrow(rows, columns, depth, a_, b_, c_):
    """C += A B for `columns` < COLUMNS columns: B is padded, and the sums go through a tile on the stack."""
    a, ao, ars, acs = a_
    b, bo, brs = b_
    c, co, crs = c_
    part = stack(TILE, a)
    i = 0
    while i < rows:
        height = min(ROWS, rows - i)
        for q in range(TILE):
            part[q] = like(0.0, a)
        _whole(height, depth, (a, ao + i * ars, ars, acs), (b, bo, brs), (part, 0, COLUMNS))
        for r in range(height):
            for j in range(columns):
                c[np.uint64(co + (i + r) * crs + j)] += part[r * COLUMNS + j]
        i += height


@apart
def product(rows, columns, depth, a_, b_, c_):
    """C += A B. A and B have any strides, the columns of C are contiguous.

    A panel of B is packed, unless it lies packed already or has too few users: rows that are a power of two apart
    share a few sets of the L1 cache.
    """
    a, ao, ars, acs = a_
    b, bo, brs, bcs = b_
    c, co, crs = c_
    panel = stack(PANEL, a)
    for j0 in range(0, columns, COLUMNS):
        width = min(COLUMNS, columns - j0)
        if width == COLUMNS and bcs == 1 and (brs == COLUMNS or rows < FEW):
            _whole(rows, depth, a_, (b, bo + j0, brs), (c, co + j0, crs))
            continue
        for p0 in range(0, depth, DEPTH):
            chunk = min(DEPTH, depth - p0)
            _pack(chunk, width, (b, bo + p0 * brs + j0 * bcs, brs, bcs), panel)
            left = (a, ao + p0 * acs, ars, acs)
            if width == COLUMNS:
                _whole(rows, chunk, left, (panel, 0, COLUMNS), (c, co + j0, crs))
            else:
                _narrow(rows, width, chunk, left, (panel, 0, COLUMNS), (c, co + j0, crs))


@inline
def clear(rows, columns, c_):
    """C = 0."""
    c, co, crs = c_
    for i in range(rows):
        first = np.uint64(co + i * crs)
        for j in range(np.uint64(columns)):
            c[first + j] = like(0.0, c)


@inline
def spread(rows, columns, b, bo, c_):
    """Every row of C is b from bo on."""
    c, co, crs = c_
    for i in range(rows):
        first = np.uint64(co + i * crs)
        for j in range(np.uint64(columns)):
            c[first + j] = b[np.uint64(bo) + j]


@apart
def _pack(depth, columns, b_, panel):
    """Copy (depth, columns) of B to the panel, with zeros to its right."""
    b, bo, brs, bcs = b_
    for p in range(depth):
        for j in range(columns):
            panel[np.uint64(p * COLUMNS + j)] = b[np.uint64(bo + p * brs + j * bcs)]
        for j in range(columns, COLUMNS):
            panel[np.uint64(p * COLUMNS + j)] = like(0.0, panel)
