"""numbanet.kernels.conv2d on the register tile, without a matrix of windows: see _windows.

B1 is a correlation of dy with the weights turned round. With strides, the cells of dx whose row + T and column + L have
the same remainders see the same cells of the window, so each such class is a correlation of its own, of stride 1.
"""

from math import gcd

import numpy as np

from .._jit import inline, like
from .._kernel import kernel
from .._pack import pack
from .._planes import correlate_few, few
from .._tile import COLUMNS, ONE, ZERO, clear, flat, stack
from .._windows import correlate, correlate_pixels, count_blocks, cut

FLOPS = 150e3  # in a microsecond on one core, roughly
PIECES = 16  # tasks of the weights' gradient, at least, where there are as many blocks: each adds up a piece of them
WIDE = 4 * COLUMNS  # output channels of such a task: they share the copy of the input
CHUNK = 4096  # elements of a sum of pieces
ROWS = 32768  # elements of dy in a piece of the bias's gradient
LANES = 64


@inline
def _across(O):
    """The panels of O columns."""
    return (O + COLUMNS - 1) // COLUMNS


@inline
def _window(w, strides, padding, dilation):
    return (w.shape[0], w.shape[1], *strides, *padding, *dilation)


def _flops(x, w, y):
    return 2 * y.size * w.shape[0] * w.shape[1] * w.shape[2]


# Forward


@inline
def _pack_group(task, x, w, y, window, packed):
    """A panel of a group's weights, in the order in which `correlate` reads them."""
    KH, KW, I, O = w.shape
    group, taps = O // (x.shape[3] // I), KH * KW
    g, j = task // _across(group), task % _across(group) * COLUMNS
    channels = cut(y.shape[1], y.shape[2], I, window)[3]
    for k0 in range(0, I, channels):
        here = min(channels, I - k0)
        for tap in range(taps):
            b_ = (flat(w), (tap * I + k0) * O + g * group + j, O, ONE)
            to = ((task * I + k0) * taps + tap * here) * COLUMNS
            pack(here, min(COLUMNS, group - j), b_, packed, to)


@inline
def _forward(task, x, w, window, start, y, packed):
    """A block of a group's output."""
    N, H, W, C = x.shape
    I, O = w.shape[2:]
    P, Q = y.shape[1:3]
    G = C // I
    block, g = task // G, task % G
    grid, source, target = (N, P, Q), (flat(x), H, W, C, g * I, I), (flat(y), ZERO, ZERO, ONE, ONE, P, Q, O)
    if few(P, Q, I, O // G, window):
        weights = (flat(w), g * (O // G), window[1] * I * O, I * O, O, ONE, g * (O // G), O // G)
        correlate_few(block, grid, source, window, weights, start, target)
        return
    panels = (packed, g * _across(O // G) * I * window[0] * window[1] * COLUMNS, g * (O // G), O // G)
    correlate(block, grid, source, window, panels, start, target)


def _groups(x, w):
    return x.shape[3] // w.shape[2]


def _panels(x, w):
    return _groups(x, w) * _across(w.shape[3] // _groups(x, w))


def _packed_size(x, w):
    return _panels(x, w) * w.shape[0] * w.shape[1] * w.shape[2] * COLUMNS


def _forward_tasks(x, w, strides, padding, dilation, y):
    window = _window(w, strides, padding, dilation)
    return _groups(x, w) * count_blocks(*y.shape[:3], w.shape[2], window)


def _forward_work(x, w, strides, padding, dilation, y):
    return _flops(x, w, y) / FLOPS / _forward_tasks(x, w, strides, padding, dilation, y)


@kernel(tasks=lambda x, w, b, strides, padding, dilation, y: _panels(x, w))
def _pack_with_bias(task, x, w, b, strides, padding, dilation, y, packed):
    _pack_group(task, x, w, y, _window(w, strides, padding, dilation), packed)


@kernel(
    tasks=lambda x, w, b, *geometry: _forward_tasks(x, w, *geometry),
    work=lambda x, w, b, *geometry: _forward_work(x, w, *geometry),
    scratch=lambda x, w, *others: _packed_size(x, w),
    before=[_pack_with_bias],
)
def forward(task, x, w, b, strides, padding, dilation, y, packed):
    # F1
    _forward(task, x, w, _window(w, strides, padding, dilation), (b, ONE), y, packed)


@kernel(tasks=lambda x, w, strides, padding, dilation, y: _panels(x, w))
def _pack_without_bias(task, x, w, strides, padding, dilation, y, packed):
    _pack_group(task, x, w, y, _window(w, strides, padding, dilation), packed)


@kernel(
    tasks=_forward_tasks,
    work=_forward_work,
    scratch=lambda x, w, *others: _packed_size(x, w),
    before=[_pack_without_bias],
)
def forward_without_bias(task, x, w, strides, padding, dilation, y, packed):
    zeros = stack(COLUMNS, x)
    clear(zeros)
    # F1 with b = 0
    _forward(task, x, w, _window(w, strides, padding, dilation), (zeros, ZERO), y, packed)


# Backward, input


@inline
def _axis(r, S, D, K, T, extent):
    """Along one axis, the cells i of dx with (i + T) % S = r, and the cells k of the window that they see.

    With i + T = u S + r and k D = v S + r they see dy at u - v. Returns the first k, the step between them and their
    number; v of the first and the step of v; the first u and the number of them.
    """
    common = gcd(S, D)
    step, first = S // common, 0
    while first < step and first * D % S != r:
        first += 1
    count = (K - first + step - 1) // step if first < min(step, K) else 0
    low, high = -((r - T) // S), (extent - 1 + T - r) // S
    return first, step, count, (first * D - r) // S, D // common, low, max(0, high - low + 1)


@inline
def _class(k, w, strides, padding, dilation, dx):
    """What `_axis` says of rows and columns in class k."""
    vertical = _axis(k // strides[1], strides[0], dilation[0], w.shape[0], padding[0], dx.shape[1])
    return vertical, _axis(k % strides[1], strides[1], dilation[1], w.shape[1], padding[1], dx.shape[2])


@inline
def _class_window(vertical, horizontal):
    """The window of a class, turned round, as _windows takes it."""
    _, _, KH, v, DH, low, _ = vertical
    top = v + (KH - 1) * DH - low
    _, _, KW, v, DW, low, _ = horizontal
    return KH, KW, ONE, ONE, top, v + (KW - 1) * DW - low, DH, DW


@inline
def _class_blocks(group, dy, vertical, horizontal):
    """The blocks of a class, of groups with `group` output channels."""
    if vertical[6] == 0 or horizontal[6] == 0:
        return 0
    return count_blocks(dy.shape[0], vertical[6], horizontal[6], group, _class_window(vertical, horizontal))


@kernel(tasks=lambda dy, w, strides, padding, dilation, dx: _groups(dx, w) * _across(w.shape[2]))
def _pack_turned(task, dy, w, strides, padding, dilation, dx, packed):
    """A panel of a group's weights for every class: window turned round, output channels as rows."""
    KW, I, O = w.shape[1:]
    G = dx.shape[3] // I
    group, g, j = O // G, task // _across(I), task % _across(I) * COLUMNS
    at = 0
    for k in range(strides[0] * strides[1]):
        vertical, horizontal = _class(k, w, strides, padding, dilation, dx)
        window = _class_window(vertical, horizontal)
        taps = window[0] * window[1]
        if vertical[6] * horizontal[6] > 0:
            channels = cut(vertical[6], horizontal[6], group, window)[3]
            for k0 in range(0, group, channels):
                here = min(channels, group - k0)
                for tap in range(taps):
                    kh = vertical[0] + (window[0] - 1 - tap // window[1]) * vertical[1]
                    kw = horizontal[0] + (window[1] - 1 - tap % window[1]) * horizontal[1]
                    b_ = (flat(w), ((kh * KW + kw) * I + j) * O + g * group + k0, ONE, O)
                    to = at + ((task * group + k0) * taps + tap * here) * COLUMNS
                    pack(here, min(COLUMNS, I - j), b_, packed, to)
        at += G * _across(I) * group * taps * COLUMNS


def _backward_tasks(dy, w, strides, padding, dilation, dx):
    G = _groups(dx, w)
    return G * sum(
        _class_blocks(w.shape[3] // G, dy, *_class(k, w, strides, padding, dilation, dx))
        for k in range(strides[0] * strides[1])
    )


@kernel(
    tasks=_backward_tasks,
    work=lambda dy, w, *geometry: _flops(dy, w, dy) / FLOPS / max(_backward_tasks(dy, w, *geometry), 1),
    scratch=lambda dy, w, *others: (
        _groups(others[-1], w) * _across(w.shape[2]) * w.shape[0] * w.shape[1] * w.shape[3] * COLUMNS
    ),
    before=[_pack_turned],
)
def backward_input(task, dy, w, strides, padding, dilation, dx, packed):
    N, H, W, C = dx.shape
    KW, I, O = w.shape[1:]
    P, Q = dy.shape[1:3]
    G = C // I
    group, g, block, at = O // G, task % G, task // G, 0
    zeros = stack(COLUMNS, dy)
    clear(zeros)
    for k in range(strides[0] * strides[1]):
        vertical, horizontal = _class(k, w, strides, padding, dilation, dx)
        window, blocks = _class_window(vertical, horizontal), _class_blocks(group, dy, vertical, horizontal)
        size = _across(I) * group * window[0] * window[1] * COLUMNS
        if block < blocks:
            row, column = vertical[5] * strides[0], horizontal[5] * strides[1]
            row += k // strides[1] - padding[0]
            column += k % strides[1] - padding[1]
            target = (flat(dx), row, column, strides[0], strides[1], H, W, C)
            grid, source = (N, vertical[6], horizontal[6]), (flat(dy), P, Q, O, g * group, group)
            # B1
            if few(vertical[6], horizontal[6], group, I, window):
                kh = vertical[0] + (window[0] - 1) * vertical[1]
                kw = horizontal[0] + (window[1] - 1) * horizontal[1]
                first = (kh * KW + kw) * I * O + g * group
                weights = (flat(w), first, -vertical[1] * KW * I * O, -horizontal[1] * I * O, ONE, O, g * I, I)
                correlate_few(block, grid, source, window, weights, (zeros, ZERO), target)
            else:
                panels = (packed, at + g * size, g * I, I)
                correlate(block, grid, source, window, panels, (zeros, ZERO), target)
            return
        block -= blocks
        at += G * size


# Backward, weights


@inline
def _parts(O):
    """The parts of O output channels that are tasks."""
    return (O + WIDE - 1) // WIDE


@inline
def _pieces(dy, x, strides, padding, dilation, dw):
    """How many pieces the blocks of dw are cut into, and the blocks."""
    I, O = dw.shape[2:]
    G = x.shape[3] // I
    N, P, Q = dy.shape[:3]
    blocks, tasks = count_blocks(N, P, Q, I, _window(dw, strides, padding, dilation)), G * _parts(O // G)
    return min(blocks, (PIECES + tasks - 1) // tasks), blocks


@kernel(tasks=lambda dy, x, strides, padding, dilation, dw: -(-dw.size // CHUNK))
def _add_pieces(task, dy, x, strides, padding, dilation, dw, pieces):
    count, size = _pieces(dy, x, strides, padding, dilation, dw)[0], dw.size
    first = task * CHUNK
    last = min(first + CHUNK, size)
    out, part = flat(dw)[first:last], pieces[first:last]
    for i in range(out.size):
        out[i] = part[i]
    for k in range(1, count):
        part = pieces[k * size + first : k * size + last]
        for i in range(out.size):
            out[i] += part[i]


def _kernel_tasks(dy, x, *geometry):
    G = _groups(x, geometry[-1])
    return _pieces(dy, x, *geometry)[0] * G * _parts(geometry[-1].shape[3] // G)


@kernel(
    tasks=_kernel_tasks,
    work=lambda dy, x, *geometry: _flops(x, geometry[-1], dy) / FLOPS / _kernel_tasks(dy, x, *geometry),
    scratch=lambda dy, x, *geometry: _pieces(dy, x, *geometry)[0] * geometry[-1].size,
    after=[_add_pieces],
)
def backward_kernel(task, dy, x, strides, padding, dilation, dw, pieces):
    N, H, W, C = x.shape
    I, O = dw.shape[2:]
    P, Q = dy.shape[1:3]
    G = C // I
    group, (count, blocks) = O // G, _pieces(dy, x, strides, padding, dilation, dw)
    parts = _parts(group)
    piece, g, o = task // (G * parts), task // parts % G, task % parts * WIDE
    mine = (piece * blocks // count, (piece + 1) * blocks // count)
    dy_, source = (flat(dy), g * group + o, min(WIDE, group - o), O), (flat(x), H, W, C, g * I, I)
    # B2
    correlate_pixels(mine, (N, P, Q), dy_, source, _window(dw, strides, padding, dilation), (pieces, piece * dw.size))


# Backward, bias


@inline
def _rows(O):
    """The rows of dy in a piece."""
    return (ROWS + O - 1) // O


@kernel(tasks=lambda dy, db: -(-db.size // CHUNK))
def _add_rows(task, dy, db, pieces):
    first = task * CHUNK
    last = min(first + CHUNK, db.size)
    rows = dy.size // db.size
    for o in range(first, last):
        db[o] = like(0.0, db)
    for k in range((rows + _rows(db.size) - 1) // _rows(db.size)):
        part = pieces[k * db.size : (k + 1) * db.size]
        for o in range(np.uint64(first), np.uint64(last)):
            db[o] += part[o]


@kernel(
    tasks=lambda dy, db: -(-(dy.size // db.size) // _rows(db.size)),
    scratch=lambda dy, db: -(-(dy.size // db.size) // _rows(db.size)) * db.size,
    after=[_add_rows],
)
def backward_bias(task, dy, db, pieces):
    O = db.size
    first = task * _rows(O)
    last = min(first + _rows(O), dy.size // O)
    together = max(LANES // O, 1)  # rows that are added at once, side by side
    gradient, total, lanes = flat(dy), pieces[task * O : (task + 1) * O], stack(LANES, dy)
    # B3
    for o in range(total.size):
        total[o] = like(0.0, total)
    if together > 1:
        clear(lanes)
        while first + together <= last:
            row = gradient[first * O : (first + together) * O]
            for k in range(row.size):
                lanes[k] += row[k]
            first += together
        for k in range(together):
            for o in range(O):
                total[o] += lanes[k * O + o]
    for i in range(first, last):
        row = gradient[i * O : (i + 1) * O]
        for o in range(total.size):
            total[o] += row[o]
