"""Time loops on the GPU: a launch for every step, in which a block has SAMPLES samples and UNITS units, all gates.

What does not depend on the state, x w + b, is one product for all steps, before them. Each step then has a product to
do: forward of the state with u, and backward of the gates' gradients with the transpose of u. It is small, and waits
for the launch before: what counts is how soon its numbers arrive. So a block loads as much of them at once as shared
memory holds, and the depth of the product is shared out among parts of its threads. The parts' sums are added in their
order, by the thread that does the arithmetic of a sample's unit with all its gates right away.

Rows lie in shared memory in fours along the depth: four k of all rows, then the next four. u, forward, lies there in
rows along the units, with all gates of a unit side by side.
"""

from numba import cuda, int32

from ._cuda import ceil_div, device, divide, like, load, load4, store, store4
from ._cuda_gemm import (
    HELD,
    add_to_columns,
    blocks_of,
    clear,
    is_wide,
    loads,
    multiply,
    own_place,
    plan_of,
    put,
    spot,
    threads_of,
    tile_of,
)
from ._cuda_kernel import THREADS

SAMPLES, UNITS, GATES = 16, 8, 4  # of a block; a unit has up to four gates, or stands for four of one gate
OWNERS = SAMPLES * UNITS  # threads that have a unit of a sample
WARPS = THREADS // 32
DEPTH = 32  # of a part of the threads, at a time
STATE_PARTS, GATE_PARTS = 4, 8  # parts of a block, in the product with u and in that with its transpose
LEFT_STATES, RIGHT_STATES = SAMPLES * DEPTH * STATE_PARTS, UNITS * GATES * DEPTH * STATE_PARTS  # of shared memory
LEFT_GATES, RIGHT_GATES = SAMPLES * DEPTH * GATE_PARTS, UNITS * DEPTH * GATE_PARTS
SHALLOW = 32  # the depth for which the tile of x w is chosen, at most: so that none is sliced

# Behind a tile the plan of x w has: whether x, w and what is written have rows for 128-bit accesses. The plan of a
# step: the units, whether the arrays it loads from have such rows, and whether there is a keep.
X_WIDE, W_WIDE, OUT_WIDE = range(5, 8)
H, WIDE, KEPT = range(3)


def _input_tile(x, w):
    return plan_of(x.shape[0] * x.shape[1], w.shape[1], min(len(w), SHALLOW), x.dtype.itemsize)[0]


def input_plan(x, w, u, b, mask, keep, setting, out, *others):
    """The plan of x w + b, which goes to the first array that the loop writes."""
    return *_input_tile(x, w), is_wide(x), is_wide(w), is_wide(out)


def input_threads(x, w, *others):
    return threads_of(_input_tile(x, w))


def input_blocks(x, w, *others):
    return blocks_of(_input_tile(x, w), x.shape[0] * x.shape[1], w.shape[1], 1)


def step_plan(keep, *loaded):
    """The plan of a step, which loads fours from these arrays; the last has the units as its last axis."""
    units = loaded[-1].shape[-1]
    wide = units % 4 == 0 and all(a.address % 16 == 0 for a in (keep, *loaded))
    return units, wide, keep.shape[1] > 0


def step_blocks(N, units):
    """The grid of a step for so many samples and units."""
    return ceil_div(units, UNITS), ceil_div(N, SAMPLES)


@device
def four_at(wide, a, first, count):
    """Four elements from a.flat[first] on; zeros where there are no more than `count`."""
    zero = like(0.0, a)
    x, y, z, w = zero, zero, zero, zero
    if wide:
        if count > 0:
            x, y, z, w = load4(a, first)
    else:
        if count > 0:
            x = load(a, first)
        if count > 1:
            y = load(a, first + 1)
        if count > 2:
            z = load(a, first + 2)
        if count > 3:
            w = load(a, first + 3)
    return x, y, z, w


@device
def _fetch(plan, extent, along, wide, a, rows, i0, k0, held):
    """Load a thread's share of a part, of a matrix with so many rows; k0 is in its depth."""
    columns = a.shape[a.ndim - 1]
    for v in range(loads(plan, extent)):
        row, column = spot(plan, extent, along, v)
        row, column = int32(row + (i0 if along else k0)), int32(column + (k0 if along else i0))
        x, y, z, w = four_at(wide, a, int32(row * columns + column), int32(columns - column if row < rows else 0))
        held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3] = x, y, z, w


@device
def multiply_inputs(plan, x, w, b, left, right, sums):
    """The thread's sums of x w + b, of which b may be the first row; and their first row and column."""
    held_x = cuda.local.array(HELD, x.dtype)
    held_w = cuda.local.array(HELD, x.dtype)
    R, I, depth = x.shape[0] * x.shape[1], w.shape[0], plan[2]
    i0, j0 = tile_of(plan, w.shape[1])
    i, j = own_place(plan)
    clear(sums)
    buffer, k0 = int32(1), int32(-depth)
    while k0 < I:
        k = int32(k0 + depth)
        if k < I:  # on their way while those before are multiplied
            _fetch(plan, plan[0], True, plan[X_WIDE], x, R, i0, k, held_x)
            _fetch(plan, plan[1], False, plan[W_WIDE], w, I, j0, k, held_w)
        if k0 >= 0:
            multiply(plan, left, right, buffer, i, j, sums)
        buffer = int32(1 - buffer)
        if k < I:
            put(plan, plan[0], True, held_x, int32(I - k), left, buffer)
            put(plan, plan[1], False, held_w, int32(I - k), right, buffer)
        cuda.syncthreads()
        k0 = k
    add_to_columns(plan, b, j0 + j, sums)
    return int32(i0 + i), int32(j0 + j)


@device
def write_steps(plan, sums, i0, j0, mask, out, first, gap):
    """Store a thread's sums, a row for each step that counts; samples are `gap` elements further apart than steps."""
    rows, columns, own_rows, own_columns = plan[0], plan[1], plan[3], plan[4]
    O = out.shape[2]
    for h in range(own_rows // 4):
        for e in range(4):
            r = int32(i0 + h * (4 * rows // own_rows) + e)
            if r < mask.size and load(mask, r) != like(0.0, mask):
                at = int32(first + r * O + (divide(r, mask.shape[1])[0] * gap if gap else 0))
                for g in range(own_columns // 4):
                    j, s = int32(j0 + g * (4 * columns // own_columns)), (4 * h + e) * own_columns + 4 * g
                    if plan[OUT_WIDE]:
                        if j < O:
                            store4(out, int32(at + j), sums[s], sums[s + 1], sums[s + 2], sums[s + 3])
                    else:
                        for f in range(4):
                            if j + f < O:
                                store(out, int32(at + j + f), sums[s + f])


@device
def own_unit(plan, mask, width):
    """The sample and unit that the thread owns, of a block of so many units; and whether there are such."""
    t = cuda.threadIdx.x
    n, j = int32(cuda.blockIdx.y * SAMPLES + (t >> 3)), int32(cuda.blockIdx.x * width + (t & 7))
    return n, j, t < OWNERS and n < mask.shape[0] and j < plan[H]


@device
def _depth(K, k0, parts):
    """Of the depth from k0 on, what each part takes: a multiple of four."""
    rest = min(K - k0, DEPTH * parts)
    return (rest + 4 * parts - 1) // (4 * parts) * 4


@device
def _row_and_slot(lines, v):
    """Which of 16 or 8 rows, and which four of the depth, the thread's v-th load is: so that it stores side by side."""
    t = cuda.threadIdx.x
    if lines == 16:
        return int32((t & 7) + (t >> 2 & 8)), int32((t >> 3 & 3) + (t >> 6 << 2) + 16 * v)
    return int32(t & 7), int32((t >> 3 & 3) + (t >> 5 << 2) + 32 * v)


@device
def _fetch_rows(plan, lines, parts, rows, K, k0, held):
    """Load the thread's share of some rows; rows: the array, the first one's place, the next one's, how many."""
    a, first, step, count = rows
    each = _depth(K, k0, parts)
    for v in range(lines * parts // 32):
        n, slot = _row_and_slot(lines, v)
        within = int32((slot & 7) * 4)
        k = int32(k0 + (slot >> 3) * each + within)
        there = int32(K - k if n < count and within < each else 0)
        x, y, z, w = four_at(plan[WIDE], a, int32(first + n * step + k), there)
        held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3] = x, y, z, w


@device
def _put_rows(lines, parts, held, shared):
    for v in range(lines * parts // 32):
        n, slot = _row_and_slot(lines, v)
        at = int32((slot * lines + n) * 4)
        store4(shared, at, held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3])


@device
def _fetch_columns(plan, u, columns, k0, held):
    """Load the thread's share of u's columns of the block's units.

    columns: where the first gate's begin, how far on the next gate's do, and how many gates there are. If that is no
    way, they are not gates, but the next UNITS units: a block has GATES times as many.
    """
    first, step, gates = columns
    t = cuda.threadIdx.x
    part, g, quad = t >> 3 & 3, t >> 1 & 3, t & 1
    each = _depth(plan[H], k0, STATE_PARTS)
    j = int32((cuda.blockIdx.x if step else cuda.blockIdx.x * GATES + g) * UNITS + 4 * quad)
    at = int32(first + g * step + j)
    for v in range(DEPTH // WARPS):
        within = int32((t >> 5) + WARPS * v)
        k = int32(k0 + part * each + within)
        there = int32(plan[H] - j if within < each and k < plan[H] and g < gates else 0)
        x, y, z, w = four_at(plan[WIDE], u, int32(k * u.shape[1] + at), there)
        held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3] = x, y, z, w


@device
def _put_columns(held, shared):
    """Each part has its units turned by one place against the one before: its threads store to banks of their own."""
    t = cuda.threadIdx.x
    part, g, quad = t >> 3 & 3, t >> 1 & 3, t & 1
    first = int32((part * DEPTH + (t >> 5)) * UNITS * GATES + g)
    for e in range(4):
        at = int32(first + (4 * quad + e + part & 7) * GATES)
        for v in range(DEPTH // WARPS):
            store(shared, int32(at + v * WARPS * UNITS * GATES), held[4 * v + e])


@device
def _add_gates(a, b, right, q, sums):
    x, y, z, w = load4(right, q)
    sums[0] += a * x
    sums[1] += a * y
    sums[2] += a * z
    sums[3] += a * w
    sums[4] += b * x
    sums[5] += b * y
    sums[6] += b * z
    sums[7] += b * w


@device
def _fetch_states(plan, rows, keeps, kept, u, columns, k0, held, held_keep, held_u):
    _fetch_rows(plan, SAMPLES, STATE_PARTS, rows, plan[H], k0, held)
    if kept:
        _fetch_rows(plan, SAMPLES, STATE_PARTS, keeps, plan[H], k0, held_keep)
    _fetch_columns(plan, u, columns, k0, held_u)


@device
def multiply_states(plan, states, keep, kept, u, columns, left, right):
    """The product of the block's states and of u, for the unit that the thread owns: a number for each gate.

    states, columns: as for the fetches. kept: whether the states are multiplied by keep.
    """
    held = cuda.local.array(8, u.dtype)
    held_keep = cuda.local.array(8, u.dtype)
    held_u = cuda.local.array(16, u.dtype)
    sums = cuda.local.array(8, u.dtype)
    for i in range(8):
        sums[i] = like(0.0, u)
    a, first, step, N = states
    n0, K, t = int32(cuda.blockIdx.y * SAMPLES), plan[H], cuda.threadIdx.x
    rows, keeps = (a, int32(first + n0 * step), step, int32(N - n0)), (keep, int32(n0 * K), K, int32(N - n0))
    unit, sample, part = t & 7, t >> 3 & 7, t >> 6
    _fetch_states(plan, rows, keeps, kept, u, columns, 0, held, held_keep, held_u)
    for k0 in range(0, K, DEPTH * STATE_PARTS):
        if kept:
            for i in range(8):
                held[i] *= held_keep[i]
        cuda.syncthreads()
        _put_rows(SAMPLES, STATE_PARTS, held, left)
        _put_columns(held_u, right)
        cuda.syncthreads()
        if k0 + DEPTH * STATE_PARTS < K:  # on their way while these are multiplied
            _fetch_states(plan, rows, keeps, kept, u, columns, k0 + DEPTH * STATE_PARTS, held, held_keep, held_u)
        p, q = int32((part * 8 * SAMPLES + sample) * 4), int32((part * DEPTH * UNITS + (unit + part & 7)) * GATES)
        for _ in range(_depth(K, k0, STATE_PARTS) // 4):
            a0, a1, a2, a3 = load4(left, p)
            b0, b1, b2, b3 = load4(left, p + 8 * 4)
            _add_gates(a0, b0, right, q, sums)
            _add_gates(a1, b1, right, q + UNITS * GATES, sums)
            _add_gates(a2, b2, right, q + 2 * UNITS * GATES, sums)
            _add_gates(a3, b3, right, q + 3 * UNITS * GATES, sums)
            p, q = int32(p + SAMPLES * 4), int32(q + 4 * UNITS * GATES)
    cuda.syncthreads()
    at = int32(((part * SAMPLES + sample) * UNITS + unit) * GATES)
    store4(right, at, sums[0], sums[1], sums[2], sums[3])
    store4(right, at + 8 * UNITS * GATES, sums[4], sums[5], sums[6], sums[7])
    cuda.syncthreads()
    own = int32((t & OWNERS - 1) * GATES)
    x, y, z, w = load4(right, own)
    for k in range(1, STATE_PARTS):
        mx, my, mz, mw = load4(right, own + k * OWNERS * GATES)
        x, y, z, w = x + mx, y + my, z + mz, w + mw
    return x, y, z, w


@device
def multiply_gates(plan, gates, u, first, K, left, right):
    """The product of the block's gates' gradients and of u's transpose, for the unit that the thread owns.

    gates: as for _fetch_rows, of K elements each, which stand for the columns of u from the first on.
    """
    held = cuda.local.array(16, u.dtype)
    held_u = cuda.local.array(8, u.dtype)
    s0, s1, s2, s3 = like(0.0, u), like(0.0, u), like(0.0, u), like(0.0, u)
    a, begin, step, N = gates
    n0, j0, t = int32(cuda.blockIdx.y * SAMPLES), int32(cuda.blockIdx.x * UNITS), cuda.threadIdx.x
    rows = a, int32(begin + n0 * step), step, int32(N - n0)
    lines = u, int32(j0 * u.shape[1] + first), u.shape[1], int32(plan[H] - j0)
    unit, sample, part = t & 3, t >> 2 & 7, t >> 5
    _fetch_rows(plan, SAMPLES, GATE_PARTS, rows, K, 0, held)
    _fetch_rows(plan, UNITS, GATE_PARTS, lines, K, 0, held_u)
    for k0 in range(0, K, DEPTH * GATE_PARTS):
        cuda.syncthreads()
        _put_rows(SAMPLES, GATE_PARTS, held, left)
        _put_rows(UNITS, GATE_PARTS, held_u, right)
        cuda.syncthreads()
        if k0 + DEPTH * GATE_PARTS < K:  # on their way while these are multiplied
            _fetch_rows(plan, SAMPLES, GATE_PARTS, rows, K, k0 + DEPTH * GATE_PARTS, held)
            _fetch_rows(plan, UNITS, GATE_PARTS, lines, K, k0 + DEPTH * GATE_PARTS, held_u)
        p, q = int32((part * 8 * SAMPLES + sample) * 4), int32((part * 8 * UNITS + unit) * 4)
        for _ in range(_depth(K, k0, GATE_PARTS) // 4):
            a0, a1, a2, a3 = load4(left, p)
            b0, b1, b2, b3 = load4(left, p + 8 * 4)
            c0, c1, c2, c3 = load4(right, q)
            d0, d1, d2, d3 = load4(right, q + 4 * 4)
            s0 += a0 * c0 + a1 * c1 + a2 * c2 + a3 * c3
            s1 += a0 * d0 + a1 * d1 + a2 * d2 + a3 * d3
            s2 += b0 * c0 + b1 * c1 + b2 * c2 + b3 * c3
            s3 += b0 * d0 + b1 * d1 + b2 * d2 + b3 * d3
            p, q = int32(p + SAMPLES * 4), int32(q + UNITS * 4)
    cuda.syncthreads()
    at = int32((part * SAMPLES + sample) * UNITS + unit)
    store(right, at, s0)
    store(right, int32(at + 4), s1)
    store(right, int32(at + 8 * UNITS), s2)
    store(right, int32(at + 8 * UNITS + 4), s3)
    cuda.syncthreads()
    own = int32(t & OWNERS - 1)
    total = load(right, own)
    for k in range(1, GATE_PARTS):
        total += load(right, int32(own + k * OWNERS))
    return total


@device
def given(dh, n, s, j, step):
    """The gradient of a state that does not come through later steps: dh (N, T, H), or (N, 1, H) of the last state."""
    steps, units = dh.shape[1:]
    if steps == 1:
        return load(dh, int32(n * units + j)) if step == 0 else like(0.0, dh)
    return load(dh, int32((n * steps + s) * units + j))


@device
def later_step(plan, mask, keep, dh0, n, later, j):
    """Of the step before in the loop: whether it counts, what it handed on so far, and the factor of its product."""
    unit = int32(n * plan[H] + j)
    counts = load(mask, int32(n * mask.shape[1] + later)) != like(0.0, mask)
    return counts, load(dh0, unit), load(keep, unit) if plan[KEPT] else like(1.0, dh0)
