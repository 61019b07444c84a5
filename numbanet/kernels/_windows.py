"""Sliding windows on the register tile: cuts of the output, the part of the input that a cut sees, the product.

A block is a set of output positions that lie one after another: whole images, whole rows of one image, or a part of a
row. What its windows show is a band of the input. The tile reads it in place where no window reaches over the edge,
and else from a copy with zeros around it, on the stack. Either way there is no matrix of windows (im2col).
"""

from __future__ import annotations

import numpy as np

from ._jit import apart, inline, like
from ._pack import STACKED, pack, pack_stack
from ._tile import COLUMNS, INDEX, LINE, ONE, SPARE, ZERO, clear, ladder, panel_product, spare, stack, steps

CELLS = 256  # output positions of a block
BAND = 65536  # elements of the band's copy: 256 KB in float32, which stay in the L2 cache
CHUNK = 320  # rows of a panel that are used at once: 40 KB in float32, in the L1 cache
TABLE = CELLS + SPARE
WEIGHTS = 640  # rows of the weights' gradient whose places are looked up at once
WEIGHTS_TABLE, PANEL = WEIGHTS + SPARE, CELLS * COLUMNS
UNIT = STACKED  # channels that lie together in the band of the weights' gradient, unless there are fewer
LEAST = 32  # channels that are worth a slice


@inline
def cut(P, Q, I, window):
    """Images, rows and columns of a block, and the channels of a band that fits."""
    KH, KW, SH, SW, _, _, DH, DW = window
    images, rows, columns, channels = max(1, CELLS // (P * Q)), P, Q, min(I, COLUMNS * 8)
    if Q > CELLS:
        rows, columns = 1, (Q + (Q + CELLS - 1) // CELLS - 1) // ((Q + CELLS - 1) // CELLS)
    elif P * Q > CELLS:
        most = CELLS // Q
        down = (P + most - 1) // most
        rows = (P + down - 1) // down
    while True:
        height, width = (rows - 1) * SH + (KH - 1) * DH + 1, (columns - 1) * SW + (KW - 1) * DW + 1
        if images * height * width * (channels if channels <= UNIT else channels + UNIT - 1) <= BAND:
            break
        if images > 1:
            images -= 1
        elif channels > LEAST:
            channels = (channels + 1) // 2
        elif rows > 1:
            rows = (rows + 1) // 2
        elif columns > 1:
            columns = (columns + 1) // 2
        elif channels > 1:
            channels = (channels + 1) // 2
        else:
            break
    return images, rows, columns, channels


@inline
def count_blocks(N, P, Q, I, window):
    """How many blocks there are."""
    images, rows, columns, _ = cut(P, Q, I, window)
    return ((N + images - 1) // images) * ((P + rows - 1) // rows) * ((Q + columns - 1) // columns)


@inline
def place(block, N, P, Q, shape):
    """First image, row and column of a block, and how many it has of each."""
    images, rows, columns, _ = shape
    across, down = (Q + columns - 1) // columns, (P + rows - 1) // rows
    n0, p0, q0 = block // (across * down) * images, block // across % down * rows, block % across * columns
    return n0, min(images, N - n0), p0, min(rows, P - p0), q0, min(columns, Q - q0)


@apart
def _copy_row(band, at, width, channels, x, row_at, left, W, C):
    """One row of a band: zeros, the cells that lie in the image, zeros."""
    begin = min(max(0, -left), width)
    end = max(begin, min(width, W - left))
    for k in range(np.uint64(begin * channels)):
        band[np.uint64(at) + k] = like(0.0, band)
    if begin == end:
        pass
    elif channels == C:
        first = np.uint64(row_at + (left + begin) * C)
        to = np.uint64(at + begin * channels)
        for k in range(np.uint64((end - begin) * C)):
            band[to + k] = x[first + k]
    else:
        for column in range(begin, end):
            first, to = np.uint64(row_at + (left + column) * C), np.uint64(at + column * channels)
            for k in range(np.uint64(channels)):
                band[to + k] = x[first + k]
    to = np.uint64(at + end * channels)
    for k in range(np.uint64((width - end) * channels)):
        band[to + k] = like(0.0, band)


@apart
def correlate(block, grid, source, window, panels, start, target):
    """Y = S + the correlation of X with packed weights, for a block of output positions and the columns of a group.

    grid: (N, P, Q). source: x, its H, W and C, the group's first channel and how many it has. window: KH, KW, SH, SW,
    T, L, DH, DW. panels: the packed weights, where the group's begin, the group's first output channel and how many it
    has. start: S, and 1 where it is a row of output channels, 0 where it is one panel of zeros. target: y, the row and
    column of position (0, 0), the steps between positions, and the H, W and C of y.
    """
    N, P, Q = grid
    x, H, W, C, c0, I = source
    KH, KW, SH, SW, T, L, DH, DW = window
    packed, first, o0, O = panels
    s, scs = start
    y, row0, column0, row_step, column_step, HY, WY, CY = target
    shape = cut(P, Q, I, window)
    n0, images, p0, rows, q0, columns = place(block, N, P, Q, shape)
    cells, taps = images * rows * columns, KH * KW
    top, left = p0 * SH - T, q0 * SW - L
    height, width = (rows - 1) * SH + (KH - 1) * DH + 1, (columns - 1) * SW + (KW - 1) * DW + 1
    inside = taps == 0 or (top >= 0 and left >= 0 and top + height <= H and left + width <= W)
    a_at, s_at, y_at = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    a_run, b_run, band = stack(CHUNK, INDEX), stack(CHUNK, INDEX), stack(BAND, x)
    for n in range(images):
        for p in range(rows):
            row = (n0 + n) * HY + row0 + (p0 + p) * row_step
            line = (row * WY + column0 + q0 * column_step) * CY
            steps(columns, line, column_step * CY, y_at, (n * rows + p) * columns)
    spare(cells, y_at)
    for k0 in range(0, I, shape[3]):
        channels = min(shape[3], I - k0)
        if inside:
            a, base, image_step, line_step, cell_step = (
                x,
                ((n0 * H + top) * W + left) * C + c0 + k0,
                H * W * C,
                W * C,
                C,
            )
        else:
            _copy_band(band, images, height, width, channels, source, n0, top, left, k0)
            a, base, image_step, line_step, cell_step = band, 0, height * width * channels, width * channels, channels
        for n in range(images):
            for p in range(rows):
                line = base + n * image_step + p * SH * line_step
                steps(columns, line, SW * cell_step, a_at, (n * rows + p) * columns)
        spare(cells, a_at)
        # neighbours in a line of the window are one run, where they are neighbours in memory
        together = KW if KW > 0 and DW == 1 and cell_step == channels and KW * channels <= CHUNK else 1
        runs, depth = taps // together, together * channels
        most = max(1, CHUNK // max(depth, 1))
        steps(min(most, runs), ZERO, depth * COLUMNS, b_run, ZERO)
        for j in range(0, O, COLUMNS):
            b_at = first + ((j // COLUMNS) * I + k0) * taps * COLUMNS
            for r0 in range(0, max(runs, 1), most):
                here = min(most, runs - r0)
                for r in range(here):
                    tap = (r0 + r) * together
                    a_run[r] = tap // KW * DH * line_step + tap % KW * DW * cell_step
                a_ = (a, a_at, a_run, ONE)
                b_ = (packed, b_at + r0 * depth * COLUMNS, b_run, LINE)
                if k0 == 0 and r0 == 0:
                    ladder(cells, (o0 + j) * (scs - 1), ZERO, s_at)
                    s_ = (s, s_at)
                else:
                    s_ = (y, y_at)
                panel_product(ZERO, cells, o0 + j, min(COLUMNS, O - j), here, depth, a_, b_, s_, (y, y_at))


@apart
def _copy_units(band, images, height, width, channels, source, n0, top, left, k0):
    """The band with UNIT channels together: [channels / UNIT][image][row][column][UNIT]."""
    x, H, W, C, c0, _ = source
    begin = min(max(0, -left), width)
    end = max(begin, min(width, W - left))
    for k in range(0, channels, UNIT):
        for n in range(images):
            for r in range(height):
                at, row = ((k // UNIT * images + n) * height + r) * width * UNIT, top + r
                inside = 0 <= row < H
                for q in range(np.uint64((begin if inside else width) * UNIT)):
                    band[np.uint64(at) + q] = like(0.0, band)
                if inside:
                    first = (((n0 + n) * H + row) * W + left + begin) * C + c0 + k0 + k
                    pack_stack(end - begin, min(UNIT, channels - k), (x, first, C), band, at + begin * UNIT)
                    for q in range(np.uint64(end * UNIT), np.uint64(width * UNIT)):
                        band[np.uint64(at) + q] = like(0.0, band)


@apart
def _copy_band(band, images, height, width, channels, source, n0, top, left, k0):
    """The band with zeros around it: [image][row][column][channel]."""
    x, H, W, C, c0, _ = source
    for n in range(images):
        for r in range(height):
            row = top + r
            # a row above or below the image is one that lies left of it
            shift = left if 0 <= row < H else -width
            row_at = ((n0 + n) * H + row) * W * C + c0 + k0
            _copy_row(band, (n * height + r) * width * channels, width, channels, x, row_at, shift, W, C)


@apart
def correlate_pixels(blocks, grid, dy_, source, window, target):
    """Add up dw for some output channels: the tile with positions as its depth, over a range of blocks.

    dy_: dy, the first of the output channels, how many there are, and the O of dy. target: where dw goes, and from
    where on. The sums of a block go on from those of the block before.
    """
    N, P, Q = grid
    dy, o0, channels_o, O = dy_
    x, I = source[0], source[5]
    KH, KW, SH, SW, T, L, DH, DW = window
    out, out_at = target
    shape = cut(P, Q, I, window)
    taps = KH * KW
    a_at, s_at, c_at = stack(WEIGHTS_TABLE, INDEX), stack(WEIGHTS_TABLE, INDEX), stack(WEIGHTS_TABLE, INDEX)
    a_run, b_run, zeros = stack(CHUNK, INDEX), stack(CHUNK, INDEX), stack(COLUMNS, x)
    band, panel = stack(BAND, x), stack(PANEL, x)
    clear(zeros)
    for block in range(blocks[0], blocks[1]):
        n0, images, p0, rows, q0, columns = place(block, N, P, Q, shape)
        cells, dy_at = images * rows * columns, ((n0 * P + p0) * Q + q0) * O
        height, width = (rows - 1) * SH + (KH - 1) * DH + 1, (columns - 1) * SW + (KW - 1) * DW + 1
        for k0 in range(0, I, shape[3]):
            channels = min(shape[3], I - k0)
            unit = UNIT if shape[3] >= UNIT else channels
            steps(images * rows, ZERO, columns * COLUMNS, b_run, ZERO)
            for n in range(images):
                for p in range(rows):
                    a_run[n * rows + p] = (n * height + p * SH) * width * unit
            if unit == UNIT:
                _copy_units(band, images, height, width, channels, source, n0, p0 * SH - T, q0 * SW - L, k0)
            else:
                _copy_band(band, images, height, width, channels, source, n0, p0 * SH - T, q0 * SW - L, k0)
            most = WEIGHTS // channels
            for first in range(0, taps, most):
                here = 0
                for tap in range(first, min(first + most, taps)):
                    cell, to = tap // KW * DH * width + tap % KW * DW, out_at + (tap * I + k0) * O
                    for k in range(0, channels, unit):
                        units = min(unit, channels - k)
                        steps(units, k * images * height * width + cell * unit, ONE, a_at, here)
                        steps(units, to + k * O, O, c_at, here)
                        here += units
                spare(here, a_at)
                spare(here, c_at)
                a_ = (band, a_at, a_run, SW * unit)
                for j in range(o0, o0 + channels_o, COLUMNS):
                    width_o = min(COLUMNS, o0 + channels_o - j)
                    pack(cells, width_o, (dy, dy_at + j, O, ONE), panel, ZERO)
                    if block == blocks[0]:
                        ladder(here, -j, ZERO, s_at)
                    s_ = (zeros, s_at) if block == blocks[0] else (out, c_at)
                    b_, runs = (panel, ZERO, b_run, LINE), images * rows
                    panel_product(ZERO, here, j, width_o, runs, columns, a_, b_, s_, (out, c_at))
