"""numbanet.kernels.depthwise_conv2d with neighbouring threads on neighbouring channels.

Forward and image's gradient: a thread has four pixels of a row, and four channels where M is 1 and C a multiple of 4.
Weights' gradient: a thread has TAPS cells of the window and runs over pixels; the sums of its block's threads meet in
shared memory, those of the blocks in add_parts.
"""

from numba import cuda

from .._cuda import ceil_div, device, divide, like, load, load4, short, store, store4, within
from .._cuda_kernel import THREADS, kernel
from .._cuda_pixels import ACROSS, BLOCKS, PARTS, ROOM, add_block, add_parts, cut, parts_blocks, power, strips_of

WIDE, NARROW = 8, 32  # threads that share a pixel at most: those of four channels, of one
TAPS = 9  # cells of the window that a thread of the weights' gradient has
SUMS, ROUNDED = 4 * TAPS, 12  # of a thread: of four channels each, or of one each with room for a round of four


def _cut(arrays, w, channels):
    """Whether a thread has four channels, the threads along the channels, and the slices of channels."""
    wide = w.shape[3] == 1 and w.shape[2] % 4 == 0 and all(a.address % 16 == 0 for a in arrays)
    threads = channels // 4 if wide else channels
    lanes = power(threads, WIDE if wide else NARROW)
    return wide, lanes, ceil_div(threads, lanes)


def _plan(*arguments):
    """Of F1 and B1: channels are those of what is written."""
    arrays = [a for a in arguments if hasattr(a, "shape")]
    return _cut(arrays, arrays[1], arrays[-1].shape[3])


def _blocks(*arguments):
    _, lanes, slices = _plan(*arguments)
    N, P, Q, _ = arguments[-1].shape
    strips, rows = cut(lanes, Q)
    return slices * ceil_div(Q, ACROSS * strips) * ceil_div(N * P, rows)


@device
def _place(plan, target):
    """A thread's lane, image, row, first column and the step to its next column; the image is N where there is none."""
    P, Q, (_, lanes, slices) = target.shape[1], target.shape[2], plan
    strips, rows = strips_of(lanes, Q)
    block, c = divide(cuda.blockIdx.x, slices)
    down, across = divide(block, divide(Q + ACROSS * strips - 1, ACROSS * strips)[0])
    pixel, lane = divide(cuda.threadIdx.x, lanes)
    row, strip = divide(pixel, strips)
    n, p = divide(down * rows + row, P)
    return c * lanes + lane, n, p, across * ACROSS * strips + strip, strips


@device
def _other(back, i, k, stride, before, dilation, extent):
    """Where cell k of the window has the other end of a product for index i of an axis; beyond extent if nowhere.

    Not `back`: of position i, the cell of the image. `back`: of the image's cell i, the position.
    """
    if back:
        at = i + before - k * dilation
        if stride == 1:
            return at
        j, rest = divide(at, stride)
        return j if rest == 0 else extent
    return i * stride + k * dilation - before


@device
def _plus(s, v, k):
    return s[0] + v[0] * k[0], s[1] + v[1] * k[1], s[2] + v[2] * k[2], s[3] + v[3] * k[3]


@device
def _load4(a, column, width, C, at):
    """Four channels of a pixel, where its row begins `at` for them; zeros where that is not in the width."""
    zero = like(0.0, a)
    return load4(a, short(at + column * C)) if within(column, width) else (zero, zero, zero, zero)


@device
def _four_channels(plan, back, biased, source, w, b, strides, padding, dilation, target):
    """F1 or B1, M = 1."""
    N, P, Q, C = target.shape
    H, W = source.shape[1:3]
    KH, KW, C, _ = w.shape
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    v, n, p, q, step = _place(plan, target)
    c, zero = 4 * v, like(0.0, w)
    if n >= N or q >= Q or c >= C:
        return
    s0 = load4(b, c) if biased else (zero, zero, zero, zero)
    s1 = s2 = s3 = s0
    for kh in range(KH):
        row = _other(back, p, kh, SH, T, DH, H)
        if within(row, H):
            at = (n * H + row) * W * C + c
            for kw in range(KW):
                k = load4(w, short((kh * KW + kw) * C + c))
                v0 = _load4(source, _other(back, q, kw, SW, L, DW, W), W, C, at)
                v1 = _load4(source, _other(back, q + step, kw, SW, L, DW, W), W, C, at)
                v2 = _load4(source, _other(back, q + 2 * step, kw, SW, L, DW, W), W, C, at)
                v3 = _load4(source, _other(back, q + 3 * step, kw, SW, L, DW, W), W, C, at)
                s0, s1, s2, s3 = _plus(s0, v0, k), _plus(s1, v1, k), _plus(s2, v2, k), _plus(s3, v3, k)
    at = ((n * P + p) * Q + q) * C + c
    store4(target, at, *s0)
    if q + step < Q:
        store4(target, at + step * C, *s1)
    if q + 2 * step < Q:
        store4(target, at + 2 * step * C, *s2)
    if q + 3 * step < Q:
        store4(target, at + 3 * step * C, *s3)


@device
def _load(a, column, width, C, at):
    return load(a, short(at + column * C)) if within(column, width) else like(0.0, a)


@device
def _one_channel(plan, back, biased, source, w, b, strides, padding, dilation, target):
    """F1 or B1 for any M."""
    N, P, Q = target.shape[:3]
    H, W = source.shape[1:3]
    KH, KW, C, M = w.shape
    O = C * M
    V, CS = (C, O) if back else (O, C)  # channels of target and source
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    c, n, p, q, step = _place(plan, target)
    if n >= N or q >= Q or c >= V:
        return
    # B1 adds up over m as well
    many, first, own = (M, c * M, c * M) if back else (1, divide(c, M)[0], c)
    start = load(b, c) if biased else like(0.0, w)
    s = (start, start, start, start)
    for kh in range(KH):
        row = _other(back, p, kh, SH, T, DH, H)
        if within(row, H):
            line = (n * H + row) * W * CS + first
            for kw in range(KW):
                column0 = _other(back, q, kw, SW, L, DW, W)
                column1 = _other(back, q + step, kw, SW, L, DW, W)
                column2 = _other(back, q + 2 * step, kw, SW, L, DW, W)
                column3 = _other(back, q + 3 * step, kw, SW, L, DW, W)
                for m in range(many):
                    at, k = line + m, load(w, short((kh * KW + kw) * O + own + m))
                    v0, v1 = _load(source, column0, W, CS, at), _load(source, column1, W, CS, at)
                    v2, v3 = _load(source, column2, W, CS, at), _load(source, column3, W, CS, at)
                    s = _plus(s, (v0, v1, v2, v3), (k, k, k, k))
    at = ((n * P + p) * Q + q) * V + c
    store(target, at, s[0])
    if q + step < Q:
        store(target, at + step * V, s[1])
    if q + 2 * step < Q:
        store(target, at + 2 * step * V, s[2])
    if q + 3 * step < Q:
        store(target, at + 3 * step * V, s[3])


@device
def _slide(plan, back, biased, source, w, b, strides, padding, dilation, target):
    if plan[0]:
        _four_channels(plan, back, biased, source, w, b, strides, padding, dilation, target)
    else:
        _one_channel(plan, back, biased, source, w, b, strides, padding, dilation, target)


STATIC = ("w", "strides", "padding", "dilation")


@kernel(grid=_blocks, static=STATIC, plan=_plan)
def forward(plan, x, w, b, strides, padding, dilation, y):
    _slide(plan, False, True, x, w, b, strides, padding, dilation, y)


@kernel(grid=_blocks, static=STATIC, plan=_plan)
def forward_without_bias(plan, x, w, strides, padding, dilation, y):
    _slide(plan, False, False, x, w, w, strides, padding, dilation, y)


@kernel(grid=_blocks, static=STATIC, plan=_plan)
def backward_input(plan, dy, w, strides, padding, dilation, dx):
    _slide(plan, True, False, dy, w, w, strides, padding, dilation, dx)


def _plan_of_sum(dy, x, strides, padding, dilation, dw):
    return _cut((dy, x, dw), dw, dy.shape[3])


def _cut_sum(*arguments):
    """Groups of taps, slices of channels, and parts of the rows of all images."""
    dy, dw = arguments[0], arguments[-1]
    _, lanes, slices = _plan_of_sum(*arguments)
    groups, rows = ceil_div(dw.shape[0] * dw.shape[1], TAPS), cut(lanes, dy.shape[2])[1]
    whole = ceil_div(dy.shape[0] * dy.shape[1], rows)
    return groups, slices, max(1, min(whole, BLOCKS // (groups * slices), PARTS))


def _sum_blocks(*arguments):
    groups, slices, parts = _cut_sum(*arguments)
    return groups * slices, parts


@device
def _rows(lanes, dy):
    """First row of all images for this thread, the end and the step; first column and the step."""
    N, P, Q = dy.shape[:3]
    strips, rows = strips_of(lanes, Q)
    row, strip = divide(divide(cuda.threadIdx.x, lanes)[0], strips)
    return cuda.blockIdx.y * rows + row, N * P, cuda.gridDim.y * rows, strip, strips


@device
def _tap(first, u, window):
    """Cell u of a group: its row and column in the window."""
    return divide(first + u, window[1])


@device
def _finish_tap(sums, first, u, shared, lanes, c, dw, parts):
    """Write the block's sums for a cell."""
    KH, KW, C, _ = dw.shape
    total = add_block((sums[4 * u], sums[4 * u + 1], sums[4 * u + 2], sums[4 * u + 3]), shared, lanes)
    if cuda.threadIdx.x < lanes and c < C and first + u < KH * KW:
        store4(parts, (cuda.blockIdx.y * KH * KW + first + u) * C + c, *total)


@device
def _sum_four_channels(plan, dy, x, strides, padding, dilation, dw, parts, shared):
    """B2, M = 1."""
    P, Q = dy.shape[1:3]
    H, W = x.shape[1:3]
    KH, KW, C, _ = dw.shape
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    _, lanes, slices = plan
    group, piece = divide(cuda.blockIdx.x, slices)
    first, t = group * TAPS if KH * KW > TAPS else 0, cuda.threadIdx.x
    c, zero = 4 * (piece * lanes + t % lanes), like(0.0, dw)
    sums = cuda.local.array(SUMS, dw.dtype)
    for k in range(SUMS):
        sums[k] = zero
    begin, end, step, left, strips = _rows(lanes, dy)
    r = begin if c < C else end
    while r < end:
        n, p = divide(r, P)
        q = left
        while q < Q:
            d = load4(dy, short((r * Q + q) * C + c))
            for u in range(TAPS):
                kh, kw = _tap(first, u, (KH, KW))
                row, column = _other(False, p, kh, SH, T, DH, H), _other(False, q, kw, SW, L, DW, W)
                width = W if kh < KH and within(row, H) else 0
                a = _load4(x, column, width, C, (n * H + row) * W * C + c)
                for k in range(4):
                    sums[4 * u + k] += a[k] * d[k]
            q += strips
        r += step
    # TAPS calls, as the compiler does not unroll a long loop round loops
    _finish_tap(sums, first, 0, shared, lanes, c, dw, parts)
    _finish_tap(sums, first, 1, shared, lanes, c, dw, parts)
    _finish_tap(sums, first, 2, shared, lanes, c, dw, parts)
    _finish_tap(sums, first, 3, shared, lanes, c, dw, parts)
    _finish_tap(sums, first, 4, shared, lanes, c, dw, parts)
    _finish_tap(sums, first, 5, shared, lanes, c, dw, parts)
    _finish_tap(sums, first, 6, shared, lanes, c, dw, parts)
    _finish_tap(sums, first, 7, shared, lanes, c, dw, parts)
    _finish_tap(sums, first, 8, shared, lanes, c, dw, parts)


@device
def _sum_one_channel(plan, dy, x, strides, padding, dilation, dw, parts, shared):
    """B2 for any M."""
    P, Q = dy.shape[1:3]
    H, W = x.shape[1:3]
    KH, KW, C, M = dw.shape
    O = C * M
    (SH, SW), (T, L), (DH, DW) = strides, padding, dilation
    _, lanes, slices = plan
    group, piece = divide(cuda.blockIdx.x, slices)
    first, t = group * TAPS if KH * KW > TAPS else 0, cuda.threadIdx.x
    o = piece * lanes + t % lanes
    c = divide(o, M)[0]
    sums = cuda.local.array(ROUNDED, dw.dtype)
    for k in range(ROUNDED):
        sums[k] = like(0.0, dw)
    begin, end, step, left, strips = _rows(lanes, dy)
    r = begin if o < O else end
    while r < end:
        n, p = divide(r, P)
        q = left
        while q < Q:
            d = load(dy, short((r * Q + q) * O + o))
            for u in range(TAPS):
                kh, kw = _tap(first, u, (KH, KW))
                row, column = _other(False, p, kh, SH, T, DH, H), _other(False, q, kw, SW, L, DW, W)
                width = W if kh < KH and within(row, H) else 0
                sums[u] += _load(x, column, width, C, (n * H + row) * W * C + c) * d
            q += strips
        r += step
    for u in range(0, ROUNDED, 4):
        total = add_block((sums[u], sums[u + 1], sums[u + 2], sums[u + 3]), shared, lanes)
        for k in range(4):
            if t < lanes and o < O and u + k < TAPS and first + u + k < KH * KW:
                store(parts, (cuda.blockIdx.y * KH * KW + first + u + k) * O + o, total[k])


def _parts_of(*arguments):
    return _cut_sum(*arguments)[2] * arguments[-1].size


@kernel(
    grid=lambda dy, x, strides, padding, dilation, dw: parts_blocks(dw.size),
    static=("dw",),
    scratch=_parts_of,
)
def _finish(dy, x, strides, padding, dilation, dw, parts):
    shared = cuda.shared.array(THREADS, dw.dtype)
    add_parts(parts, dw.size, dw, shared)


@kernel(
    grid=_sum_blocks,
    static=("dw", "strides", "padding", "dilation"),
    plan=_plan_of_sum,
    scratch=_parts_of,
    after=[_finish],
)
def backward_kernel(plan, dy, x, strides, padding, dilation, dw, parts):
    shared = cuda.shared.array(ROOM, dw.dtype)
    if plan[0]:
        _sum_four_channels(plan, dy, x, strides, padding, dilation, dw, parts, shared)
    else:
        _sum_one_channel(plan, dy, x, strides, padding, dilation, dw, parts, shared)
