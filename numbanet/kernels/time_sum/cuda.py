"""numbanet.kernels.time_sum: as numbanet.kernels.dense.cuda, with a step of a sample as a row.

A block has a tile of dw and a slice of the steps. Those that do not count are zeros to it: they are read, but neither
multiplied nor added.
"""

from numba import cuda, int32

from .._cuda import ceil_div, device, divide, like, load, store
from .._cuda_gemm import (
    HELD,
    PART,
    SMS,
    SUMS,
    blocks_of,
    clear,
    is_wide,
    loads,
    multiply,
    own_place,
    plan_of,
    put,
    slice_of,
    spot,
    sum_of_slices,
    threads_of,
    tile_of,
    write,
)
from .._cuda_kernel import THREADS, kernel
from .._cuda_recurrent import four_at

# Behind a tile a plan has: whether there is a keep; whether a, keep, dz and what is written have rows for 128-bit
# accesses; whether what is written is a slice in the scratch memory, which another kernel adds to the columns of dw.
KEPT, A_WIDE, KEEP_WIDE, Z_WIDE, OUT_WIDE, SLICED = range(5, 11)
FOURS = HELD // 4  # of a part that a thread loads at a time, at most
FEW_STEPS = 64  # that a thread of backward_bias adds up, at least


def _choice(dz, a, mask, keep, shift, columns, dw):
    return plan_of(a.shape[2], columns[1] - columns[0], mask.size, dz.dtype.itemsize)


def _plan(dz, a, mask, keep, shift, columns, dw):
    tile, slices = _choice(dz, a, mask, keep, shift, columns, dw)
    across = columns[1] - columns[0]
    sliced = slices > 1 or across != dw.shape[1]
    z_wide, out_wide = is_wide(dz) and columns[0] % 4 == 0, across % 4 == 0 if sliced else is_wide(dw)
    return *tile, keep.shape[1] > 0, is_wide(a), is_wide(keep), z_wide, out_wide, sliced


def _grid(dz, a, mask, keep, shift, columns, dw):
    tile, slices = _choice(dz, a, mask, keep, shift, columns, dw)
    return blocks_of(tile, a.shape[2], columns[1] - columns[0], slices)


def _scratch(dz, a, mask, keep, shift, columns, dw):
    slices = _choice(dz, a, mask, keep, shift, columns, dw)[1]
    return slices * a.shape[2] * (columns[1] - columns[0])


def _adding(*arguments):
    columns, dw = arguments[-2:]
    return ceil_div(len(dw) * (columns[1] - columns[0]), THREADS) if _plan(*arguments)[SLICED] else 0


@kernel(grid=_adding)
def _add(dz, a, mask, keep, shift, columns, dw, part):
    across = columns[1] - columns[0]
    i, size = cuda.grid(1), dw.shape[0] * across
    if i < size:
        row, o = divide(i, across)
        store(dw, row * dw.shape[1] + columns[0] + o, sum_of_slices(part, part.size // size, size, i))


@device
def _fetch(plan, extent, wide, a, mask, place, held, counts):
    """Load a thread's share of a part of a, or of dz, and for each four the mask of their step.

    place: the first step; how many rows a sample has beyond its steps, and how many of them come before; the first
    column.
    """
    k0, gap, before, j0 = place
    width, last = int32(a.shape[2]), int32(mask.size - 1)
    for v in range(loads(plan, extent)):
        row, column = spot(plan, extent, False, v)
        r, column = int32(min(int32(k0 + row), last)), int32(j0 + column)
        at = int32(r + before)
        if gap:
            at = int32(at + divide(r, mask.shape[1])[0] * gap)
        x, y, z, w = four_at(wide, a, int32(at * width + column), int32(width - column))
        held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3] = x, y, z, w
        counts[v] = load(mask, r)


@device
def _fetch_keep(plan, keep, T, k0, i0, held):
    """Load what _fetch's share of inputs is multiplied by."""
    last, width = int32(keep.shape[0] - 1), int32(keep.shape[1])
    for v in range(loads(plan, plan[0])):
        row, column = spot(plan, plan[0], False, v)
        n, column = int32(min(divide(k0 + row, T)[0], last)), int32(i0 + column)
        x, y, z, w = four_at(plan[KEEP_WIDE], keep, int32(n * width + column), int32(width - column))
        held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3] = x, y, z, w


@device
def _leave_out(plan, extent, held, counts):
    """Make zeros of what was loaded of steps that do not count."""
    zero = like(0.0, held)
    for v in range(loads(plan, extent)):
        for e in range(4):
            held[4 * v + e] = zero if counts[v] == zero else held[4 * v + e]


@kernel(
    _grid,
    lambda *arguments: threads_of(_choice(*arguments)[0]),
    occupancy=2,
    plan=_plan,
    scratch=_scratch,
    after=[_add],
)
def backward_kernel(plan, dz, a, mask, keep, shift, columns, dw, part):
    left = cuda.shared.array(PART, dz.dtype, alignment=16)
    right = cuda.shared.array(PART, dz.dtype, alignment=16)
    sums = cuda.local.array(SUMS, dz.dtype)
    held_a = cuda.local.array(HELD, dz.dtype)
    held_keep = cuda.local.array(HELD, dz.dtype)
    held_z = cuda.local.array(HELD, dz.dtype)
    counts_a = cuda.local.array(FOURS, dz.dtype)
    counts_z = cuda.local.array(FOURS, dz.dtype)
    T, I, across = dz.shape[1], a.shape[2], columns[1] - columns[0]
    i0, j0 = tile_of(plan, across)
    i, j = own_place(plan)
    first, last = slice_of(plan, mask.size)
    # B1
    clear(sums)
    buffer, k0 = int32(1), int32(first - plan[2])
    while k0 < last:
        k = int32(k0 + plan[2])
        if k < last:  # on their way while those before are multiplied
            _fetch(plan, plan[0], plan[A_WIDE], a, mask, (k, int32(a.shape[1] - T), int32(shift), i0), held_a, counts_a)
            _fetch(plan, plan[1], plan[Z_WIDE], dz, mask, (k, 0, 0, int32(columns[0] + j0)), held_z, counts_z)
            if plan[KEPT]:
                _fetch_keep(plan, keep, T, k, i0, held_keep)
        if k0 >= first:
            multiply(plan, left, right, buffer, i, j, sums)
        buffer = int32(1 - buffer)
        if k < last:
            if plan[KEPT]:
                for e in range(HELD):
                    held_a[e] *= held_keep[e]
            _leave_out(plan, plan[0], held_a, counts_a)
            _leave_out(plan, plan[1], held_z, counts_z)
            put(plan, plan[0], False, held_a, int32(last - k), left, buffer)
            put(plan, plan[1], False, held_z, int32(last - k), right, buffer)
        cuda.syncthreads()
        k0 = k
    if plan[SLICED]:
        write(plan, sums, i0 + i, j0 + j, part, cuda.blockIdx.y * I * across, I, across, plan[OUT_WIDE])
    else:
        write(plan, sums, i0 + i, j0 + j, dw, 0, I, across, plan[OUT_WIDE])


def _columns(dz, mask, db):
    """The columns that a block of backward_bias adds up, side by side: a power of two."""
    return (min(32, 1 << (db.size - 1).bit_length()),)


def _slices(dz, mask, db):
    """Into how many slices backward_bias cuts the steps: so that memory is kept busy, and threads too."""
    columns = _columns(dz, mask, db)[0]
    across, lanes = ceil_div(db.size, columns), THREADS // columns
    return max(1, min(ceil_div(mask.size, lanes * FEW_STEPS), ceil_div(8 * SMS, across)))


@kernel(grid=lambda dz, mask, db: ceil_div(db.size, THREADS) if _slices(dz, mask, db) > 1 else 0)
def _add_bias(dz, mask, db, part):
    o = cuda.grid(1)
    if o < db.size:
        db[o] = sum_of_slices(part, part.size // db.size, db.size, o)


@device
def _counted(dz, mask, r, o):
    """An element of dz, or zero where its step does not count."""
    g = load(dz, r * dz.shape[2] + o)
    return g if load(mask, r) != like(0.0, mask) else like(0.0, dz)


@kernel(
    grid=lambda dz, mask, db: (ceil_div(db.size, _columns(dz, mask, db)[0]), _slices(dz, mask, db)),
    plan=_columns,
    scratch=lambda dz, mask, db: _slices(dz, mask, db) * db.size,
    after=[_add_bias],
)
def backward_bias(plan, dz, mask, db, part):
    shared = cuda.shared.array(THREADS, dz.dtype)
    R, O = mask.size, dz.shape[2]
    t, columns, slices = cuda.threadIdx.x, plan[0], cuda.gridDim.y
    o = cuda.blockIdx.x * columns + t % columns
    # B2: a row of threads takes every so manieth step, four at a time
    step = THREADS // columns * slices
    r = cuda.blockIdx.y * (THREADS // columns) + t // columns
    total = like(0.0, dz)
    if o < O:
        while r + 3 * step < R:
            x, y = _counted(dz, mask, r, o), _counted(dz, mask, r + step, o)
            z, w = _counted(dz, mask, r + 2 * step, o), _counted(dz, mask, r + 3 * step, o)
            total += (x + y) + (z + w)
            r += 4 * step
        while r < R:
            total += _counted(dz, mask, r, o)
            r += step
    shared[t] = total
    half = THREADS >> 1
    while half >= columns:
        cuda.syncthreads()
        if t < half:
            shared[t] += shared[t + half]
        half >>= 1
    if t < columns and o < O:
        if slices == 1:
            db[o] = shared[t]
        else:
            store(part, cuda.blockIdx.y * O + o, shared[t])
