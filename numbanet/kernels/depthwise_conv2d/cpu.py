"""numbanet.kernels.depthwise_conv2d on packed channels: a task is some rows of an image, or some channels of dw.

A block of channels of a part of the image is copied, with the zeros around it, to a buffer on the stack. There every
output has all its taps, and a tile of PIXELS outputs by LANES channels keeps its sums in registers. Lane o is output
channel o = c M + m, so that the copy repeats each channel M times, or the sums of M lanes meet in one.

The image's gradient is a convolution as well: where F1 runs over the cells of a window, B1 runs over the windows that
hold a cell. Both are sums over the taps of an axis, which is a tuple
    (k, k_step, taps, source, pace, step, first, across, outputs):
tap j is window cell k + j k_step, and for output i lies on source cell source + i step + j pace; output i is cell
first + i across of the result. With a stride, cells of the image differ in their windows, and those that are a stride
apart agree: B1 has one axis for each phase.

Numba compiles a helper anew for every literal number in a tuple: np.int64(1) is a number like any other.
"""

import numpy as np

from .._jit import apart, inline, like
from .._kernel import kernel
from .._tile import INDEX, flat, stack

LANES, PIXELS, GROUP = 32, 4, 5  # channels and outputs of a tile; taps of a tile of dw, which has HALF its lanes
HALF = 16
LINES, COLUMNS = 16, 64  # of the buffer: 128 KB in float32
WINDOW = 8  # a larger window is taken in parts of WINDOW x WINDOW
TILE, HALF_TILE = LANES * PIXELS, HALF * GROUP
CELLS, HALF_CELLS = LINES * COLUMNS * LANES, LINES * COLUMNS * HALF
TAPS, TABLE = WINDOW * WINDOW, WINDOW * WINDOW + GROUP
WEIGHTS, HALF_SUMS = TAPS * LANES, TABLE * HALF
HALVES = 4  # at most, in a task of dw
SUMS = HALVES * HALF_SUMS
RATE = 20e3  # multiply-adds in a microsecond on one core, roughly


@inline
def _axis_of_positions(k, stride, dilation, before, positions):
    """Of the forward pass: outputs are positions, their taps the cells of a window."""
    return np.int64(0), np.int64(1), k, -before, dilation, stride, np.int64(0), np.int64(1), positions


@inline
def _axis_of_cells(phase, k, stride, dilation, before, cells):
    """Of the backward pass: outputs are cells a stride apart, their taps the windows that hold them, the last first."""
    k_step = 1
    while k_step * dilation % stride:
        k_step += 1
    least = 0
    while least < min(k, k_step) and (phase + before - least * dilation) % stride:
        least += 1
    taps = (k - least + k_step - 1) // k_step if least < min(k, k_step) else 0
    last = least + (taps - 1) * k_step
    source = (phase + before - last * dilation) // stride
    return (
        last,
        -k_step,
        taps,
        source,
        k_step * dilation // stride,
        np.int64(1),
        phase,
        stride,
        (cells - phase - 1) // stride + 1,
    )


def _outputs(outputs, taps, pace, step, room):
    """How many outputs of an axis are made at a time, from `room` source cells."""
    span = min((taps - 1) * pace, room // 2)
    return max(1, min(outputs, (room - 1 - span) // step + 1))


_outputs_inline = inline(_outputs)


@inline
def _taps(outputs, axis, room):
    """How many taps are added at a time, from `room` source cells."""
    _, _, taps, _, pace, step, _, _, _ = axis
    return max(1, min(WINDOW, min(taps, (room - 1 - (outputs - 1) * step) // pace + 1)))


def _make_pack(lanes):
    @apart
    def pack(lines, columns, row, column, o, width, M, x_, buffer):
        """Lanes o to o + width of some lines and columns of an image, zeros outside, for channels repeated M times."""
        x, xo, H, W, C = x_
        at = stack(lanes, INDEX)
        for j in range(lanes):
            at[j] = (o + j) // M
        first, last = min(columns, max(0, -column)), max(0, min(columns, W - column))
        for i in range(lines):
            line = np.uint64(i * columns * lanes)
            inside = 0 <= row + i < H and first < last
            f, t = np.uint64(first if inside else columns), np.uint64(last if inside else columns)
            for q in range(f * np.uint64(lanes)):
                buffer[line + q] = like(0.0, x)
            for q in range(t * np.uint64(lanes), np.uint64(columns * lanes)):
                buffer[line + q] = like(0.0, x)
            for q in range(first, last if inside else first):
                target = np.uint64((i * columns + q) * lanes)
                source = xo + ((row + i) * W + column + q) * C
                if M == 1:
                    from_o = np.uint64(source + o)
                    for j in range(np.uint64(width)):
                        buffer[target + j] = x[from_o + j]
                else:
                    for j in range(np.uint64(width)):
                        buffer[target + j] = x[np.uint64(source + at[j])]
                for j in range(np.uint64(width), np.uint64(lanes)):
                    buffer[target + j] = like(0.0, x)

    return pack


_pack = _make_pack(LANES)
_pack_half = _make_pack(HALF)


@apart
def _pack_window(rows, columns, o, width, w_, down, across, packed):
    """Lanes o to o + width of a part of the window."""
    w, KW, O = w_
    kh, kh_step = down
    kw, kw_step = across
    for r in range(rows):
        for k in range(columns):
            wf = ((kh + r * kh_step) * KW + kw + k * kw_step) * O + o
            for j in range(width):
                packed[np.uint64((r * columns + k) * LANES + j)] = w[np.uint64(wf + j)]
            for j in range(width, LANES):
                packed[np.uint64((r * columns + k) * LANES + j)] = like(0.0, w)


@inline
def _offsets(rows, columns, down, across, at):
    """Where the taps lie in a buffer."""
    for r in range(rows):
        for k in range(columns):
            at[np.uint64(r * columns + k)] = r * down + k * across


@apart
def _line(outputs, step, width, taps, at, x_, w, start_, y_):
    """y = start + the taps' sums for a line of outputs, `step` apart in the buffer."""
    x, xo = x_
    start, so, start_across = start_
    y, yo, across, M, o = y_
    total = stack(TILE, x)
    pace = step if outputs >= PIXELS else 0  # of few outputs, a tile makes one
    i = 0
    while i < outputs:
        base = min(i, outputs - PIXELS) if outputs >= PIXELS else i  # the last tile reaches back
        for q in range(TILE):
            total[q] = like(0.0, x)
        for t in range(taps):
            xf, wf = xo + base * step + at[np.uint64(t)], t * LANES
            for j in range(LANES):
                for u in range(PIXELS):
                    total[u * LANES + j] += x[np.uint64(xf + u * pace + j)] * w[np.uint64(wf + j)]
        u, end = i - base, (PIXELS if outputs >= PIXELS else 1)
        while u < end:
            yf, lane = yo + (base + u) * across, u * LANES
            if M > 1:  # M lanes share a channel of y
                for j in range(width):
                    y[yf + (o + j) // M] += total[lane + j]
            else:
                sf = np.uint64(so + (base + u) * start_across)
                for j in range(np.uint64(width)):
                    y[np.uint64(yf) + j] = start[sf + j] + total[np.uint64(lane) + j]
            u += 1
        i = base + end


@apart
def _part(i0, i1, down, across, x_, w_, start_, y_):
    """y = start + the taps' sums for outputs i0 to i1 down and all across; y + the sums where M lanes share it."""
    x, xo, H, W, C, spread = x_
    O = w_[2]
    start, start_lane = start_
    y, yo, row_size, YC, M = y_
    kh, kh_step, taps_down, row, pace_down, step_down, first_down, across_down, _ = down
    kw, kw_step, taps_across, column, pace_across, step_across, first_across, across_across, outputs = across
    buffer, packed, at = stack(CELLS, x), stack(WEIGHTS, x), stack(TABLE, INDEX)
    size = _outputs_inline(outputs, taps_across, pace_across, step_across, COLUMNS)
    some_down, some_across = _taps(i1 - i0, down, LINES), _taps(size, across, COLUMNS)
    for o in range(0, O, LANES):
        width = min(LANES, O - o)
        for r in range(0, max(1, taps_down), some_down):
            rows = min(some_down, taps_down - r)
            lines = (i1 - i0 - 1) * step_down + (rows - 1) * pace_down + 1
            for k in range(0, max(1, taps_across), some_across):
                columns = min(some_across, taps_across - k)
                _pack_window(
                    rows, columns, o, width, w_, (kh + r * kh_step, kh_step), (kw + k * kw_step, kw_step), packed
                )
                for j0 in range(0, outputs, size):
                    j1 = min(outputs, j0 + size)
                    cells = (j1 - j0 - 1) * step_across + (columns - 1) * pace_across + 1
                    top = row + i0 * step_down + r * pace_down
                    left = column + j0 * step_across + k * pace_across
                    if rows * columns > 0:
                        _pack(lines, cells, top, left, o, width, spread, (x, xo, H, W, C), buffer)
                    _offsets(rows, columns, pace_down * cells * LANES, pace_across * LANES, at)
                    for i in range(i0, i1):
                        source = (buffer, (i - i0) * step_down * cells * LANES)
                        yf = yo + (first_down + i * across_down) * row_size
                        yf += (first_across + j0 * across_across) * YC + (o if M == 1 else 0)
                        target = (y, yf, across_across * YC, M, o)
                        begin = (start, o * start_lane, 0) if r + k == 0 else (y, yf, across_across * YC)
                        _line(j1 - j0, step_across * LANES, width, rows * columns, at, source, packed, begin, target)


def _forward_parts(x, w, strides, dilation, y):
    """Outputs of a task down, and the tasks of an image."""
    size = _outputs(y.shape[1], w.shape[0], dilation[0], strides[0], LINES)
    return size, -(-y.shape[1] // size)


def _forward_tasks(x, w, s, p, d, y):
    return len(y) * _forward_parts(x, w, s, d, y)[1]


def _forward_work(x, w, s, p, d, y):
    return _forward_parts(x, w, s, d, y)[0] * y.shape[2] * w.size / RATE


@inline
def _forward(task, x, w, start_, strides, padding, dilation, y):
    H, W, C = x.shape[1:]
    KH, KW, _, M = w.shape
    P, Q, O = y.shape[1:]
    size = _outputs_inline(P, KH, dilation[0], strides[0], LINES)
    tasks = (P + size - 1) // size
    n, p0 = task // tasks, task % tasks * size
    # F1
    down = _axis_of_positions(KH, strides[0], dilation[0], padding[0], P)
    across = _axis_of_positions(KW, strides[1], dilation[1], padding[1], Q)
    image = (flat(x), n * H * W * C, H, W, C, M)
    _part(
        p0,
        min(P, p0 + size),
        down,
        across,
        image,
        (flat(w), KW, O),
        start_,
        (flat(y), n * P * Q * O, Q * O, O, np.int64(1)),
    )


@kernel(
    tasks=lambda x, w, b, s, p, d, y: _forward_tasks(x, w, s, p, d, y),
    work=lambda x, w, b, s, p, d, y: _forward_work(x, w, s, p, d, y),
)
def forward(task, x, w, b, strides, padding, dilation, y):
    _forward(task, x, w, (b, np.int64(1)), strides, padding, dilation, y)


@kernel(tasks=_forward_tasks, work=_forward_work)
def forward_without_bias(task, x, w, strides, padding, dilation, y):
    zeros = stack(LANES, x)
    for j in range(LANES):
        zeros[j] = like(0.0, x)
    _forward(task, x, w, (zeros, np.int64(0)), strides, padding, dilation, y)


def _input_parts(w, strides, dilation, dx):
    """Rows of a task in each phase, and the tasks of an image."""
    rows = -(-dx.shape[1] // strides[0])
    size = _outputs(rows, w.shape[0], dilation[0], 1, LINES)
    return size, -(-rows // size)


@kernel(
    tasks=lambda dy, w, s, p, d, dx: len(dx) * _input_parts(w, s, d, dx)[1],
    work=lambda dy, w, s, p, d, dx: _input_parts(w, s, d, dx)[0] * dx.shape[2] * w.size / s[1] / RATE,
)
def backward_input(task, dy, w, strides, padding, dilation, dx):
    H, W, C = dx.shape[1:]
    KH, KW, _, M = w.shape
    P, Q, O = dy.shape[1:]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    rows = (H + SH - 1) // SH
    size = _outputs_inline(rows, KH, DH, 1, LINES)
    tasks = (rows + size - 1) // size
    n, i0 = task // tasks, task % tasks * size
    dxs, zeros = flat(dx), stack(LANES, dx)
    for j in range(LANES):
        zeros[j] = like(0.0, dx)
    if M > 1:
        first, last = (n * H + i0 * SH) * W * C, (n * H + min(H, (i0 + size) * SH)) * W * C
        for q in range(np.uint64(first), np.uint64(last)):
            dxs[q] = like(0.0, dx)
    # B1
    image = (flat(dy), n * P * Q * O, P, Q, O, np.int64(1))
    for phase_down in range(min(SH, H)):
        down = _axis_of_cells(phase_down, KH, SH, DH, T, H)
        i1 = min(down[8], i0 + size)
        if i0 < i1:
            for phase_across in range(min(SW, W)):
                across = _axis_of_cells(phase_across, KW, SW, DW, L, W)
                target = (dxs, n * H * W * C, W * C, C, M)
                _part(i0, i1, down, across, image, (flat(w), KW, O), (zeros, np.int64(0)), target)


@apart
def _dots(rows, columns, taps, at, x_, dy_, sums_):
    """sums += x dy, summed over rows x columns of positions, for each tap and HALF lanes; GROUP taps at a time."""
    x, down, across = x_
    dy, yo, dy_down, dy_across = dy_
    sums, so = sums_
    total = stack(HALF_TILE, x)
    for t in range(0, taps, GROUP):
        for q in range(HALF_TILE):
            total[q] = like(0.0, x)
        for r in range(rows):
            for q in range(columns):
                xf, yf = r * down + q * across, yo + r * dy_down + q * dy_across
                for j in range(HALF):
                    for u in range(GROUP):
                        xj = x[np.uint64(xf + at[np.uint64(t + u)] + j)]
                        total[u * HALF + j] += xj * dy[np.uint64(yf + j)]
        for q in range(HALF_TILE):
            sums[np.uint64(so + t * HALF + q)] += total[q]  # of a part: one long sum in float32 loses digits


def _halves(O):
    """Blocks of HALF lanes in a task of dw: enough tasks to share out, and whole cache lines side by side."""
    return max(1, min(HALVES, O // (2 * HALF)))


_halves_inline = inline(_halves)


@kernel(
    tasks=lambda dy, x, s, p, d, dw: -(-dy.shape[3] // (HALF * _halves(dy.shape[3]))),
    work=lambda dy, x, s, p, d, dw: HALF * _halves(dy.shape[3]) * dy[..., 0].size * dw.shape[0] * dw.shape[1] / RATE,
)
def backward_kernel(task, dy, x, strides, padding, dilation, dw):
    N, H, W, C = x.shape
    KH, KW, _, M = dw.shape
    P, Q, O = dy.shape[1:]
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    lanes = HALF * _halves_inline(O)
    first, last = task * lanes, min(O, (task + 1) * lanes)
    xs, dys, dws = flat(x), flat(dy), flat(dw)
    image, gradient, at = stack(HALF_CELLS, x), stack(HALF_CELLS, x), stack(TABLE, INDEX)
    sums = stack(SUMS, x)
    down, across = _axis_of_positions(KH, SH, DH, T, P), _axis_of_positions(KW, SW, DW, L, Q)
    high, wide = _outputs_inline(P, KH, DH, SH, LINES), _outputs_inline(Q, KW, DW, SW, COLUMNS)
    some_down, some_across = _taps(high, down, LINES), _taps(wide, across, COLUMNS)
    # B2
    for kh in range(0, KH, some_down):
        rows = min(some_down, KH - kh)
        for kw in range(0, KW, some_across):
            columns = min(some_across, KW - kw)
            for q in range(SUMS):
                sums[q] = like(0.0, x)
            for q in range(TABLE):
                at[q] = 0
            for n in range(N):
                for p in range(0, P, high):
                    for q in range(0, Q, wide):
                        i, j = min(high, P - p), min(wide, Q - q)
                        lines, cells = (i - 1) * SH + (rows - 1) * DH + 1, (j - 1) * SW + (columns - 1) * DW + 1
                        source, target = (xs, n * H * W * C, H, W, C), (dys, n * P * Q * O, P, Q, O)
                        top, left = p * SH - T + kh * DH, q * SW - L + kw * DW
                        _offsets(rows, columns, DH * cells * HALF, DW * HALF, at)
                        packed = (image, SH * cells * HALF, SW * HALF)
                        for o in range(first, last, HALF):
                            width = min(HALF, last - o)
                            _pack_half(lines, cells, top, left, o, width, M, source, image)
                            if width == HALF:
                                at_dy = (dys, ((n * P + p) * Q + q) * O + o, Q * O, O)
                            else:
                                _pack_half(i, j, p, q, o, width, np.int64(1), target, gradient)
                                at_dy = (gradient, 0, j * HALF, HALF)
                            _dots(i, j, rows * columns, at, packed, at_dy, (sums, (o - first) * TABLE))
            for o in range(first, last):
                lane = (o - first) // HALF * HALF_SUMS + (o - first) % HALF
                for r in range(rows):
                    for k in range(columns):
                        dws[((kh + r) * KW + kw + k) * O + o] = sums[lane + (r * columns + k) * HALF]
