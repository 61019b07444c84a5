"""Sliding windows with few output channels, on the register tile: channels are its rows, positions its columns.

With 6 output channels the tile of _windows, whose columns are channels, computes 16. Here the band of the input lies
channel by channel: a plane of rows and columns. What cell k of the window sees at all positions is then that plane
from some place on, so COLUMNS positions after one another are a row of B, and nothing is packed. Positions run on
over the ends of rows: the sums for what lies between them are not written.
"""

from __future__ import annotations

import numpy as np

from ._jit import apart, inline, like
from ._tile import COLUMNS, INDEX, ZERO, ladder, panel_product, stack
from ._windows import BAND, CELLS, CHUNK, cut, place

FEW = 8  # output channels, at most
POSITIONS = 2 * CELLS  # columns of a block, at most, with those between rows
SUMS, TABLE, READ = FEW * POSITIONS, FEW + 8, BAND + COLUMNS


@inline
def _extent(rows, columns, width):
    """Columns of a product for one image: its positions, and those between rows, as whole tiles."""
    return ((rows - 1) * width + columns + COLUMNS - 1) // COLUMNS * COLUMNS


@inline
def few(P, Q, I, O, window):
    """Whether channels should be the tile's rows. Strides would leave gaps between the positions."""
    _, KW, SH, SW, _, _, _, DW = window
    images, rows, columns, _ = cut(P, Q, I, window)
    extent = images * _extent(rows, columns, columns + (KW - 1) * DW)
    return 0 < O <= FEW and KW > 0 and SH == 1 and SW == 1 and extent <= 2 * images * rows * columns


@apart
def _copy_planes(band, images, height, width, channels, source, n0, top, left, k0):
    """The band with zeros around it: [channel][image][row][column]."""
    x, H, W, C, c0, _ = source
    begin = min(max(0, -left), width)
    end = max(begin, min(width, W - left))
    plane = images * height * width
    for n in range(images):
        for r in range(height):
            row, at = top + r, (n * height + r) * width
            inside = 0 <= row < H
            first = (((n0 + n) * H + row) * W + left) * C + c0 + k0
            for c in range(channels):
                to = at + c * plane
                for q in range(np.uint64(to), np.uint64(to + (begin if inside else width))):
                    band[q] = like(0.0, band)
                for q in range(begin, end if inside else begin):
                    band[np.uint64(to + q)] = x[np.uint64(first + c + q * C)]
                for q in range(np.uint64(to + end), np.uint64(to + (width if inside else end))):
                    band[q] = like(0.0, band)


@apart
def _write(part, images, extent, rows, columns, width, O, o0, at, target):
    """Y = the sums, which lie channel by channel."""
    y, row_at, row_step, column_step, HY, WY, CY = target
    step = np.uint64(column_step * CY)
    for n in range(images):
        for p in range(rows):
            line = (((at[0] + n) * HY + row_at + (at[1] + p) * row_step) * WY + at[2]) * CY + o0
            for o in range(O):
                first, to = np.uint64(o * POSITIONS + n * extent + p * width), np.uint64(line + o)
                for q in range(np.uint64(columns)):
                    y[to + q * step] = part[first + q]


@apart
def correlate_few(block, grid, source, window, weights, start, target):
    """Y = S + the correlation of X with weights, for a block of output positions and all outputs of a group.

    weights: w, where the group's begin, the steps from one row, column, channel and output channel of the window to
    the next, the group's first output channel and how many it has. The others as `correlate` takes them.
    """
    N, P, Q = grid
    x, I = source[0], source[5]
    KH, KW, _, _, T, L, DH, DW = window
    w, w0, row_next, column_next, channel_next, output_next, o0, O = weights
    s, scs = start
    y, row0, column0, row_step, column_step, HY, WY, CY = target
    shape = cut(P, Q, I, window)
    n0, images, p0, rows, q0, columns = place(block, N, P, Q, shape)
    height, width = rows + (KH - 1) * DH, columns + (KW - 1) * DW
    extent, plane = _extent(rows, columns, width), images * height * width
    a_at, c_at = stack(TABLE, INDEX), stack(TABLE, INDEX)
    a_run, b_run = stack(CHUNK, INDEX), stack(CHUNK, INDEX)
    band, part = stack(READ, x), stack(SUMS, x)
    ladder(O, ZERO, np.int64(POSITIONS), c_at)
    for o in range(O):
        first = s[np.uint64((o0 + o) * scs)]
        for m in range(np.uint64(o * POSITIONS), np.uint64(o * POSITIONS + images * extent)):
            part[m] = first
    for k0 in range(0, I, shape[3]):
        channels = min(shape[3], I - k0)
        _copy_planes(band, images, height, width, channels, source, n0, p0 - T, q0 - L, k0)
        ladder(O, w0 + k0 * channel_next, output_next, a_at)
        # a run is a column of channels or a line of the window, whichever is longer
        down = channels >= KW
        depth, a_step, b_step = (channels, channel_next, plane) if down else (KW, column_next, DW)
        runs = KH * (KW if down else channels)
        for r0 in range(0, runs, CHUNK):
            here = min(CHUNK, runs - r0)
            for r in range(here):
                kh, k = (r0 + r) // (KW if down else channels), (r0 + r) % (KW if down else channels)
                a_run[r] = kh * row_next + k * (column_next if down else channel_next)
                b_run[r] = kh * DH * width + k * (DW if down else plane)
            for n in range(images):
                for m in range(0, extent, COLUMNS):
                    j, b0 = n * extent + m, n * height * width + m
                    a_, b_ = (w, a_at, a_run, a_step), (band, b0, b_run, b_step)
                    c_ = (part, c_at)
                    panel_product(ZERO, O, j, np.int64(COLUMNS), here, depth, a_, b_, c_, c_)
    to = (y, row0, row_step, column_step, HY, WY, CY)
    _write(part, images, extent, rows, columns, width, O, o0, (n0, p0, column0 + q0 * column_step), to)
