"""Convolutions on the GPU as products of matrices (_cuda_gemm), of which A is never made: it is read out of an image.

A has a row for each pixel and a column for each cell of a window and channel; an element is what the pixel's window
shows there. F1 and B1 of numbanet.kernels.conv2d multiply it by weights, B2 its transpose by dy. Four channels of a
cell are loaded at a time where channels come in fours.

In B1 the pixels are those of dx, and a window shows positions of dy. With a stride, pixels differ in the cells that
reach them, and those that are a stride apart agree: each such phase is a product of its own, in blockIdx.z with the
groups. A part that is loaded, `put`, `multiply`, a plan: as in _cuda_gemm.
"""

from math import gcd

import numpy as np
from numba import cuda, int32

from ._cuda import ceil_div, device, divide, short
from ._cuda_gemm import (
    MIDDLE,
    SMS,
    blocks_of,
    loads,
    plan_of,
    slice_of,
    spot,
    threads_of,
    tile_of,
)
from ._cuda_kernel import THREADS, kernel
from ._cuda_pixels import parts_blocks

# Behind a tile a plan has: whether the depth lies along a row of A, and of B, in memory; whether A, B and C have
# channels in fours; whether the depth is sliced; and the sizes, strides, padding and dilation of conv2d's equations.
A_ALONG, B_ALONG, A_WIDE, B_WIDE, C_WIDE, SLICED, H, W, C, P, Q, KH, KW, I, O, SH, SW, T, L, DH, DW, KIND = range(5, 27)
TALL = (128, 64, 8, 8, 8)  # for 64 channels and many pixels: 8 by 8 sums a thread, as in the largest tile
MANY = 4 * SMS * TALL[0]  # rows that fill a GPU with such tiles
LEAST_DEPTH = 512  # pixels of a slice of B2, at least
RESIDENT = 512  # threads of an SM that slices are made for
NOWHERE = -(2**30)  # a row so far above the image that no cell of a window reaches it


class Product:
    """How C = A B is launched, for a kernel whose arguments are two arrays, others, the geometry, and what is written.

    roles: which arguments are x, w and y, or their gradients. along: whether the depth lies along a row of A, and B.
    choose: the tile and the slices. kind(x): what numbers are rounded to (_cuda_mma), which ends the plan then.
    """

    def __init__(self, roles, along, choose=plan_of, kind=None):
        self.roles, self.along, self.choose, self.kind = roles, along, choose, kind

    def _shapes(self, arguments):
        return [arguments[k].shape for k in self.roles]

    def _copies(self, arguments):
        """Groups, and phases down and across."""
        x, w, _ = self._shapes(arguments)
        return (x[3] // w[2], *(arguments[-4] if self.along == (True, True) else (1, 1)))

    def _extents(self, arguments):
        """M, N and K of the largest product."""
        x, w, y = self._shapes(arguments)
        groups, down, across = self._copies(arguments)
        own, pixels, cells = w[3] // groups, y[0] * y[1] * y[2], w[0] * w[1] * w[2]
        if self.along == (True, True):
            dilation = arguments[-2]
            taps = ceil_div(w[0], down // gcd(down, dilation[0])) * ceil_div(w[1], across // gcd(across, dilation[1]))
            return x[0] * ceil_div(x[1], down) * ceil_div(x[2], across), w[2], taps * own
        return (pixels, own, cells) if self.along[0] else (cells, own, pixels)

    def _choice(self, arguments):
        """The tile, and the number of slices."""
        (M, N, K), itemsize = self._extents(arguments), arguments[0].dtype.itemsize
        groups, down, across = self._copies(arguments)
        tile, slices = self.choose(M * groups * down * across, N, K, itemsize)
        if tile == MIDDLE and itemsize == 4 and MANY <= M:
            tile = TALL
        if not self.along[0]:
            # dw is small and the pixels are many: plan_of stops before the GPU is full
            tiles = blocks_of(tile, M, N, 1)[0] * groups
            slices = max(slices, min(K // LEAST_DEPTH, RESIDENT * SMS // threads_of(tile) // tiles))
        return tile, slices

    def plan(self, *arguments):
        """See above."""
        tile, slices = self._choice(arguments)
        x, w, y = self._shapes(arguments)
        inner, own = w[2] % 4 == 0, w[3] // (x[3] // w[2]) % 4 == 0
        a, b, c = (0, 1, -1) if self.along[0] else (1, 0, -1)
        fours = [
            (inner if k == self.roles[0] else own) and (arguments[k].address % 16 == 0 or (k == c and slices > 1))
            for k in (a, b, c)
        ]
        geometry = (number for pair in arguments[-4:-1] for number in pair)
        kind = (self.kind(arguments[0]),) if self.kind else ()
        return (*tile, *self.along, *fours, slices > 1, *x[1:], *y[1:3], *w, *geometry, *kind)

    def threads(self, *arguments):
        """Of a block."""
        return threads_of(self._choice(arguments)[0])

    def grid(self, *arguments):
        """Tiles, slices, and products."""
        tile, slices = self._choice(arguments)
        M, N, _ = self._extents(arguments)
        groups, down, across = self._copies(arguments)
        return *blocks_of(tile, M, N, slices), groups * down * across

    def scratch(self, *arguments):
        """Room for a C of each slice."""
        slices = self._choice(arguments)[1]
        return slices * arguments[-1].size if slices > 1 else 1

    def adding(self, *arguments):
        """The grid of the kernel behind, where there are slices: their number is small but for B2."""
        size = arguments[-1].size
        blocks = ceil_div(size, THREADS) if self.along[0] else parts_blocks(size)
        return blocks if self._choice(arguments)[1] > 1 else 0

    def kernel(self, add):
        """Decorator: the kernel, with `add` behind it."""
        adding = kernel(self.adding)(add)
        return kernel(self.grid, self.threads, occupancy=2, plan=self.plan, scratch=self.scratch, after=[adding])


@device
def own_channels(plan):
    """Output channels of a group."""
    return plan[O] // (plan[C] // plan[I])


@device
def _reciprocal(count):
    """2^32 / count, upwards: to divide numbers by that count that are small."""
    return (4294967295 + count) // count


@device
def view_of_windows(plan, images):
    """A of F1 and B2, as tuples.

    Its pixels: how many rows and columns of them, the first of each, and the steps. The source: its shape, and a
    group's first channel and how many it has. The place of pixel 0's cell 0, and the steps from pixel to pixel and
    from cell to cell, down and across. The cells: those across and the reciprocal, the first down and across, and the
    steps. How many pixels, and columns of A. The group.
    """
    group = cuda.blockIdx.z if plan[I] < plan[C] else 0
    return (
        (plan[P], plan[Q], 0, 0, 1, 1),
        (plan[H], plan[W], plan[C], group * plan[I], plan[I]),
        (-plan[T], -plan[L], plan[SH], plan[SW], plan[DH], plan[DW]),
        (plan[KW], _reciprocal(plan[KW]), 0, 0, 1, 1),
        (images * plan[P] * plan[Q], plan[KH] * plan[KW] * plan[I]),
        group,
    )


@device
def _axis(phase, k, stride, before, dilation, cells):
    """An axis of dx's pixels phase, phase + stride, ...

    How many there are; the first cell of the window that reaches them, the step to the next, and how many do; the
    position of pixel 0 in cell 0, and how much further up it is in the next cell.
    """
    if stride == 1:
        return cells, 0, 1, k, before, dilation
    step = 1
    while divide(step * dilation, stride)[1] != 0:
        step += 1
    above = dilation * k  # positions that are added, so that nothing is below zero
    at, first = phase + before + stride * above, 0
    while first < step and divide(at - first * dilation, stride)[1] != 0:
        first += 1
    taps = divide(k - first + step - 1, step)[0] if first < step and first < k else 0
    top = divide(at - first * dilation, stride)[0] - above
    pixels = divide(cells - phase + stride - 1, stride)[0] if phase < cells else 0
    return pixels, first, step, taps, top, divide(step * dilation, stride)[0]


@device
def view_of_positions(plan, images):
    """A of B1, as above."""
    phase, group = divide(cuda.blockIdx.z, plan[C] // plan[I])
    down, across = divide(phase, plan[SW])
    rows, first_h, step_h, taps_h, top, up = _axis(down, plan[KH], plan[SH], plan[T], plan[DH], plan[H])
    columns, first_w, step_w, taps_w, left, back = _axis(across, plan[KW], plan[SW], plan[L], plan[DW], plan[W])
    own = own_channels(plan)
    return (
        (max(rows, 1), max(columns, 1), down, across, plan[SH], plan[SW]),
        (plan[P], plan[Q], plan[O], group * own, own),
        (top, left, 1, 1, -up, -back),
        (max(taps_w, 1), _reciprocal(max(taps_w, 1)), first_h, first_w, step_h, step_w),
        (images * rows * columns, taps_h * taps_w * own),
        group,
    )


@device
def _pixel(view, pixel):
    """Of a pixel: its image's first row among those of all, and where cell 0 of its window lies."""
    (rows, columns, _, _, _, _), height, (top, left, down, across, _, _) = view[0], view[1][0], view[2]
    n, position = divide(pixel, rows * columns)
    p, q = divide(position, columns)
    row = p * down + top if short(pixel) < short(view[4][0]) else NOWHERE
    return int32(n * height), int32(row), int32(q * across + left)


@device
def _tap(view, tap):
    """Row and column of a cell among those of the product."""
    kh = np.int64(short(tap * view[3][1] >> 32))
    return kh, tap - kh * view[3][0]


@device
def _cell(view, cell):
    """Of a column of A: how far down and across it lies in the window, and its channel."""
    (_, _, _, first, channels), (_, _, _, _, down, across) = view[1], view[2]
    tap, c = divide(cell, channels)
    kh, kw = _tap(view, tap)
    return int32(kh * down if short(cell) < short(view[4][1]) else NOWHERE), int32(kw * across), int32(first + c)


@device
def _seen(view, pixel, cell):
    """Whether a pixel's window shows an element of the source in a cell, and which."""
    height, width, channels, _, _ = view[1]
    row, column = short(pixel[1] + cell[0]), short(pixel[2] + cell[1])
    return row < short(height) and column < short(width), short(
        ((pixel[0] + row) * width + column) * channels + cell[2]
    )


@device
def find(plan, view, i0, places):
    """What stays the same of a thread's share of A in all parts: its pixels, or in B2 its cell."""
    for v in range(loads(plan, plan[0])):
        row, column = spot(plan, plan[0], plan[A_ALONG], v)
        place = _pixel(view, i0 + row) if plan[A_ALONG] else _cell(view, i0 + column)
        places[3 * v], places[3 * v + 1], places[3 * v + 2] = place


@device
def element_of_a(plan, view, i0, k0, v, e, places):
    """Whether there is the e-th of the v-th four elements of A that a thread loads, and where it is in the source."""
    row, column = spot(plan, plan[0], plan[A_ALONG], v)[0], _column(plan, plan[0], plan[A_ALONG])
    place = places[3 * v], places[3 * v + 1], places[3 * v + 2]
    if plan[A_ALONG]:
        return _seen(view, place, _cell(view, k0 + column + e))
    # places for each of four cells would be too many
    return _seen(view, _pixel(view, k0 + row), place if plan[A_WIDE] else _cell(view, i0 + column + e))


@device
def _column(plan, extent, along):
    """The column of all that a thread loads of a part: the threads are a multiple of those along a row of it."""
    return spot(plan, extent, along, 0)[1]


@device
def _right(plan, view, k, j):
    """Whether B has an element (k, j), and where it is: a weight, or in B2 of dy."""
    own, group = own_channels(plan), view[5]
    if plan[B_ALONG]:
        _, _, first_h, first_w, step_h, step_w = view[3]
        tap, o = divide(k, own)
        kh, kw = _tap(view, tap)
        cell = (first_h + kh * step_h) * plan[KW] + first_w + kw * step_w
        at = (cell * plan[I] + j) * plan[O] + group * own + o
        return short(j) < short(plan[I]) and short(k) < short(view[4][1]), short(at)
    depth, row = view[4][1] if plan[A_ALONG] else view[4][0], short(k)
    return short(j) < short(own) and row < short(depth), short(row * plan[O] + group * own + j)


@device
def element_of_b(plan, view, j0, k0, v, e):
    """As element_of_a."""
    row, column = spot(plan, plan[1], plan[B_ALONG], v)[0], _column(plan, plan[1], plan[B_ALONG]) + e
    return _right(plan, view, k0 + column, j0 + row) if plan[B_ALONG] else _right(plan, view, k0 + row, j0 + column)


@device
def tile_and_slice(plan, view):
    """The first row and column of the block's tile in C, and where the depth of its slice begins and ends."""
    pixels, cells = view[4]
    M, K = (pixels, cells) if plan[A_ALONG] else (cells, pixels)
    i0, j0 = tile_of(plan, plan[I] if plan[B_ALONG] else own_channels(plan))
    first, last = slice_of(plan, K)
    # nothing is left to do in a phase that has fewer pixels than others
    return i0, j0, first, last if i0 < M else first


@device
def room(plan, view):
    """Rows of C, the group's columns, and where they begin in C, or in the part that is the slice's."""
    width = plan[I] if plan[B_ALONG] else own_channels(plan)
    return view[4][0] if plan[A_ALONG] else view[4][1], width, view[5] * width


@device
def slice_start(plan, C):
    """Where the part of the block's slice begins."""
    return cuda.blockIdx.y * divide(C.size, cuda.gridDim.y)[0] if plan[SLICED] else 0


@device
def place_of(plan, view, i):
    """Where row i of C begins, before the group's columns."""
    if plan[B_ALONG]:
        rows, columns, row, column, down, across = view[0]
        if down * across == 1:
            return i * plan[C]
        n, position = divide(i, rows * columns)
        p, q = divide(position, columns)
        return ((n * plan[H] + row + p * down) * plan[W] + column + q * across) * plan[C]
    return i * plan[O]
