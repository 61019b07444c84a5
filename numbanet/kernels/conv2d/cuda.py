"""numbanet.kernels.conv2d: a block for each tile of a product whose left matrix is read out of the image."""

from numba import cuda, int32

from .._cuda import WARP, ceil_div, device, divide, like, load, load4, short, store, store4
from .._cuda_gemm import (
    HELD,
    PART,
    SUMS,
    add_to_columns,
    clear,
    is_wide,
    line,
    loads,
    multiply,
    own_place,
    spot,
    sum_of_slices,
)
from .._cuda_kernel import THREADS, kernel
from .._cuda_patches import (
    A_ALONG,
    A_WIDE,
    B_ALONG,
    B_WIDE,
    C_WIDE,
    SLICED,
    Product,
    element_of_a,
    element_of_b,
    find,
    own_channels,
    place_of,
    room,
    slice_start,
    tile_and_slice,
    view_of_positions,
    view_of_windows,
)
from .._cuda_pixels import BLOCKS, PARTS, ROOM, add_block, add_parts, parts_blocks, power


@device
def _load4(a, inside, at):
    zero = like(0.0, a)
    return load4(a, at) if inside else (zero, zero, zero, zero)


@device
def _load(a, inside, at):
    return load(a, at) if inside else like(0.0, a)


@device
def _fetch_a(plan, view, a, i0, k0, places, held):
    """Load a thread's share of a part of A."""
    for v in range(loads(plan, plan[0])):
        if plan[A_WIDE]:
            found = _load4(a, *element_of_a(plan, view, i0, k0, v, 0, places))
            held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3] = found
        else:
            for e in range(4):
                held[4 * v + e] = _load(a, *element_of_a(plan, view, i0, k0, v, e, places))


@device
def _fetch_b(plan, view, b, j0, k0, held):
    """Load a thread's share of a part of B."""
    for v in range(loads(plan, plan[1])):
        if plan[B_WIDE]:
            found = _load4(b, *element_of_b(plan, view, j0, k0, v, 0))
            held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3] = found
        else:
            for e in range(4):
                held[4 * v + e] = _load(b, *element_of_b(plan, view, j0, k0, v, e))


@device
def _put(plan, extent, along, held, shared, buffer):
    """What was loaded, into shared memory: it is zero already where there is nothing."""
    first = buffer * line(extent, plan[2], plan[2])
    for v in range(loads(plan, extent)):
        row, column = spot(plan, extent, along, v)
        if along:
            at = first + line(extent, plan[2], column) + row
            for e in range(4):
                store(shared, int32(at + e * (extent + 4)), held[4 * v + e])
        else:
            at = int32(first + line(extent, plan[2], row) + column)
            store4(shared, at, held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3])


@device
def _product(plan, view, a, b, left, right, sums):
    """The thread's sums of A B, and their first row and column in C."""
    held_a = cuda.local.array(HELD, a.dtype)
    held_b = cuda.local.array(HELD, b.dtype)
    places = cuda.local.array(HELD, int32)
    i0, j0, k0, last = tile_and_slice(plan, view)
    i, j = own_place(plan)
    clear(sums)
    find(plan, view, i0, places)
    _fetch_a(plan, view, a, i0, k0, places, held_a)
    _fetch_b(plan, view, b, j0, k0, held_b)
    _put(plan, plan[0], plan[A_ALONG], held_a, left, 0)
    _put(plan, plan[1], plan[B_ALONG], held_b, right, 0)
    cuda.syncthreads()
    buffer = int32(0)
    while k0 < last:
        # without a condition, behind which the compiler would move the loads; what lies beyond the depth is not used
        k0 = int32(k0 + plan[2])
        _fetch_a(plan, view, a, i0, k0, places, held_a)
        _fetch_b(plan, view, b, j0, k0, held_b)
        multiply(plan, left, right, buffer, i, j, sums)
        buffer = int32(1 - buffer)
        _put(plan, plan[0], plan[A_ALONG], held_a, left, buffer)
        _put(plan, plan[1], plan[B_ALONG], held_b, right, buffer)
        cuda.syncthreads()
    return int32(i0 + i), int32(j0 + j)


@device
def _write(plan, view, sums, i0, j0, C):
    """Store a thread's sums to C, or to the part that is its slice's."""
    rows, columns, own_rows, own_columns = plan[0], plan[1], plan[3], plan[4]
    M, width, first = room(plan, view)
    first += slice_start(plan, C)
    for h in range(own_rows // 4):
        for e in range(4):
            i = i0 + h * (4 * rows // own_rows) + e
            start = first + place_of(plan, view, i)
            for g in range(own_columns // 4):
                j = j0 + g * (4 * columns // own_columns)
                k = (4 * h + e) * own_columns + 4 * g
                if plan[C_WIDE]:
                    if i < M and j < width:
                        store4(C, short(start + j), sums[k], sums[k + 1], sums[k + 2], sums[k + 3])
                else:
                    for f in range(4):
                        if i < M and j + f < width:
                            store(C, short(start + j + f), sums[k + f])


def add(a, b, strides, padding, dilation, C, part):
    i = cuda.grid(1)
    if i < C.size:
        store(C, i, sum_of_slices(part, divide(part.size, C.size)[0], C.size, i))


def add_with_bias(x, w, b, strides, padding, dilation, y, part):
    i = cuda.grid(1)
    if i < y.size:
        # F1
        total = sum_of_slices(part, divide(part.size, y.size)[0], y.size, i)
        store(y, i, total + load(b, divide(i, y.shape[3])[1]))


def add_many(dy, x, strides, padding, dilation, dw, part):
    shared = cuda.shared.array(THREADS, dw.dtype)
    add_parts(part, dw.size, dw, shared)


@Product((0, 1, -1), (True, False)).kernel(add_with_bias)
def forward(plan, x, w, b, strides, padding, dilation, y, part):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1
    view = view_of_windows(plan, x.shape[0])
    i, j = _product(plan, view, x, w, left, right, sums)
    if plan[SLICED]:
        _write(plan, view, sums, i, j, part)
    else:
        add_to_columns(plan, b, view[5] * own_channels(plan) + j, sums)
        _write(plan, view, sums, i, j, y)


@Product((0, 1, -1), (True, False)).kernel(add)
def forward_without_bias(plan, x, w, strides, padding, dilation, y, part):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1 with b = 0
    view = view_of_windows(plan, x.shape[0])
    i, j = _product(plan, view, x, w, left, right, sums)
    if plan[SLICED]:
        _write(plan, view, sums, i, j, part)
    else:
        _write(plan, view, sums, i, j, y)


@Product((-1, 1, 0), (True, True)).kernel(add)
def backward_input(plan, dy, w, strides, padding, dilation, dx, part):
    left = cuda.shared.array(PART, dy.dtype, alignment=16)
    right = cuda.shared.array(PART, dy.dtype, alignment=16)
    sums = cuda.local.array(SUMS, dy.dtype)
    # B1
    view = view_of_positions(plan, dx.shape[0])
    i, j = _product(plan, view, dy, w, left, right, sums)
    if plan[SLICED]:
        _write(plan, view, sums, i, j, part)
    else:
        _write(plan, view, sums, i, j, dx)


@Product((1, -1, 0), (False, False)).kernel(add_many)
def backward_kernel(plan, dy, x, strides, padding, dilation, dw, part):
    left = cuda.shared.array(PART, dy.dtype, alignment=16)
    right = cuda.shared.array(PART, dy.dtype, alignment=16)
    sums = cuda.local.array(SUMS, dy.dtype)
    # B2
    view = view_of_windows(plan, x.shape[0])
    i, j = _product(plan, view, x, dy, left, right, sums)
    if plan[SLICED]:
        _write(plan, view, sums, i, j, part)
    else:
        _write(plan, view, sums, i, j, dw)


def _cut(dy, db):
    """Whether a thread has four channels, the threads along the channels, and the slices of channels."""
    wide = is_wide(dy)
    threads = len(db) // 4 if wide else len(db)
    lanes = power(threads, WARP // 4 if wide else WARP)
    return wide, lanes, ceil_div(threads, lanes)


def _parts(dy, db):
    """Into how many parts the pixels are cut."""
    _, lanes, slices = _cut(dy, db)
    return max(1, min(ceil_div(dy.size // len(db) * lanes, 4 * THREADS), BLOCKS // slices, PARTS))


def _add_bias(dy, db, part):
    shared = cuda.shared.array(THREADS, db.dtype)
    add_parts(part, db.size, db, shared)


@device
def _row4(a, row, rows, columns, column):
    return _load4(a, row < rows, short(row * columns + column))


@device
def _row(a, row, rows, columns, column):
    return _load(a, row < rows, short(row * columns + column))


@device
def _plus(x, y):
    return x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3]


@kernel(
    grid=lambda dy, db: (_cut(dy, db)[2], _parts(dy, db)),
    plan=_cut,
    scratch=lambda dy, db: _parts(dy, db) * len(db),
    after=[kernel(grid=lambda dy, db: parts_blocks(len(db)))(_add_bias)],
)
def backward_bias(plan, dy, db, part):
    shared = cuda.shared.array(ROOM, dy.dtype)
    wide, lanes, _ = plan
    N, P, Q, O = dy.shape
    pixels, step = N * P * Q, THREADS // lanes * cuda.gridDim.y
    pixel, lane = divide(cuda.threadIdx.x, lanes)
    pixel += cuda.blockIdx.y * (THREADS // lanes)
    o, zero = cuda.blockIdx.x * lanes + lane, like(0.0, dy)
    # B3, four loads at a time
    if wide:
        o *= 4
        total = (zero, zero, zero, zero)
        while pixel < pixels and o < O:
            v0, v1 = _row4(dy, pixel, pixels, O, o), _row4(dy, pixel + step, pixels, O, o)
            v2, v3 = _row4(dy, pixel + 2 * step, pixels, O, o), _row4(dy, pixel + 3 * step, pixels, O, o)
            total = _plus(_plus(total, _plus(v0, v1)), _plus(v2, v3))
            pixel += 4 * step
        total = add_block(total, shared, lanes)
        if cuda.threadIdx.x < lanes and o < O:
            store4(part, cuda.blockIdx.y * O + o, *total)
    else:
        one = zero
        while pixel < pixels and o < O:
            x, y = _row(dy, pixel, pixels, O, o), _row(dy, pixel + step, pixels, O, o)
            z, w = _row(dy, pixel + 2 * step, pixels, O, o), _row(dy, pixel + 3 * step, pixels, O, o)
            one += (x + y) + (z + w)
            pixel += 4 * step
        total = add_block((one, zero, zero, zero), shared, lanes)
        if cuda.threadIdx.x < lanes and o < O:
            store(part, cuda.blockIdx.y * O + o, total[0])
