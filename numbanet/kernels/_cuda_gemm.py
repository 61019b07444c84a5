"""Products of matrices on the GPU: C = A B, where a block of threads owns a tile of C and holds its sums in registers.

The block brings `depth` columns of A and as many rows of B into shared memory, A's as rows too, and multiplies them
while it loads those behind them into registers: there are two buffers in shared memory. Where all tiles of C
together would leave a GPU idle, the depth of the product is cut into slices, each with blocks of its own, and the
slices' results are added in a fixed order by a kernel behind this one. Dense layers and convolutions differ in where
an element of A lies, so the loop over the depth, and what is loaded, is theirs.

A plan is (rows, columns, depth, own_rows, own_columns, ...): a tile of the block, and of one of its threads.
"""

from __future__ import annotations

from typing import Any

from numba import cuda, int32

from ._cuda import ceil_div, device, like, load, load4, store, store4

SMS = 132  # of an H200; other GPUs get the same tiles, and so the same bits
# (rows, columns, depth, rows of a thread, columns of a thread). 8 by 8 sums a thread take 64 multiplications for every
# 16 numbers out of shared memory, which keeps up; with 4 by 4 it is the limit, but small products fill more SMs.
LARGE, MIDDLE, SMALL = (128, 128, 8, 8, 8), (64, 64, 16, 8, 4), (32, 32, 32, 4, 4)
PART = 2336  # elements of A, or of B, in shared memory: two buffers of any of these tiles
SUMS = 64  # of a thread, at most
HELD = 16  # elements of A, or of B, that a thread loads at a time, at most
# Multiplications that an SM does in a clock with each tile, and how many such blocks hide each other's waits on it.
TILES = {SMALL: (50, 8), MIDDLE: (80, 4), LARGE: (105, 2)}
# The clocks that a step through the depth takes however little it does (a load from the L2 cache, a barrier); those of
# another launch; the bytes a clock of memory. Estimates, as the rates are.
STEP, LAUNCH, BYTES = 900, 4000, 2000
SLICES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)  # not more: one thread adds an element's slices


def plan_of(M: int, N: int, K: int, itemsize: int) -> tuple[tuple[int, ...], int]:
    """The tile, and the number of slices, for a product of (M, K) and (K, N)."""
    tiles = TILES if itemsize == 4 else {SMALL: TILES[SMALL], MIDDLE: TILES[MIDDLE]}  # or registers do not suffice
    return quickest(tiles, M, N, K, itemsize)


def quickest(
    tiles: dict[tuple[int, ...], tuple[int, int]], M: int, N: int, K: int, itemsize: int
) -> tuple[tuple[int, ...], int]:
    """That of which the least time is expected.

    An SM works off its blocks at the tile's rate, or waits STEP for each step of the depth where that takes longer;
    slices shorten that, but their results are written, read and added.
    """

    def clocks(choice: tuple[tuple[int, ...], int]) -> float:
        tile, slices = choice
        rows, columns, depth = tile[:3]
        rate, resident = tiles[tile]
        blocks = ceil_div(ceil_div(M, rows) * ceil_div(N, columns) * slices, SMS)  # of the busiest SM
        steps = ceil_div(ceil_div(K, depth), slices) + 2  # two for the first loads, and for the last stores
        step = max(blocks * rows * columns * depth / rate, ceil_div(blocks, resident) * STEP)
        return steps * step + (LAUNCH + (slices + 1) * M * N * itemsize / BYTES if slices > 1 else 0)

    return min(((tile, s) for tile in tiles for s in SLICES if s == 1 or s <= ceil_div(K, SMALL[2])), key=clocks)


def threads_of(tile: tuple[int, ...]) -> int:
    """The threads of a block."""
    return tile[0] * tile[1] // (tile[3] * tile[4])


def is_wide(a: Any) -> bool:
    """Whether every row of an array begins where 128 bits can be loaded."""
    return bool(a.shape[-1] % 4 == 0 and a.address % 16 == 0)


@device
def clear(sums):
    for i in range(SUMS):
        sums[i] = like(0.0, sums)


@device
def own_place(plan):
    """The thread's first row and column of the tile."""
    return place_of(plan, cuda.threadIdx.x)


@device
def place_of(plan, t):
    """Those of thread t.

    It owns own_rows / 4 groups of 4 rows, evenly apart, and so for columns. A warp is 4 by 8 threads, in an order in
    which neighbours read the same numbers: half a warp then loads 128 bits each in one turn of shared memory.
    """
    lane, warp, across = t & 31, t >> 5, plan[1] // plan[4] // 8  # warps side by side
    i, j = warp // across * 4 + (lane >> 4) * 2 + (lane & 1), warp % across * 8 + (lane >> 1 & 7)
    return int32(4 * i), int32(4 * j)


@device
def line(extent, depth, k):
    """Where row k of a part begins in shared memory: so that no two threads of a warp store to one bank."""
    return k * (extent + 4) + (k >> 3) * (128 // depth)


@device
def spot(plan, extent, along, v):
    """The row and column, within a part, of the v-th four elements that the thread loads.

    along: whether neighbours in memory are neighbours in depth, as in A; the row is then one of the tile.
    """
    width = plan[2] // 4 if along else extent // 4
    i = cuda.threadIdx.x + v * (plan[0] * plan[1] // (plan[3] * plan[4]))
    return int32(i // width), int32(i % width * 4)


@device
def loads(plan, extent):
    """How many times the thread loads four elements of a part."""
    return extent * plan[2] * plan[3] * plan[4] // (4 * plan[0] * plan[1])


@device
def four(a, row, column, wide):
    """Four elements of a row of a matrix; beyond its edges, whatever is near.

    Where that is beyond the depth, `put` makes it zero; elsewhere it becomes sums that are not written. So nothing
    branches, and nothing waits for a load before the sums of the step before are done.
    """
    rows, columns = int32(a.shape[0]), int32(a.shape[1])
    first = int32(min(row, int32(rows - 1)) * columns)
    if wide:
        return load4(a, int32(first + min(column, int32(columns - 4))))
    first, last = int32(first + min(column, int32(columns - 1))), int32(a.size - 1)
    return (
        load(a, first),
        load(a, int32(min(int32(first + 1), last))),
        load(a, int32(min(int32(first + 2), last))),
        load(a, int32(min(int32(first + 3), last))),
    )


@device
def put(plan, extent, along, held, left, shared, buffer):
    """What was loaded, into shared memory; zeros from `left` on, which is what is left of the depth."""
    first, pitch = buffer * line(extent, plan[2], plan[2]), extent + 4
    zero = like(0.0, held)
    for v in range(loads(plan, extent)):
        row, column = spot(plan, extent, along, v)
        if along:
            at = int32(first + line(extent, plan[2], column) + row)
            for e in range(4):
                inside = int32(column + e) < left
                store(shared, int32(at + e * pitch), held[4 * v + e] if inside else zero)
        else:
            at = int32(first + line(extent, plan[2], row) + column)
            inside, h = row < left, 4 * v
            x, y = held[h] if inside else zero, held[h + 1] if inside else zero
            z, w = held[h + 2] if inside else zero, held[h + 3] if inside else zero
            store4(shared, at, x, y, z, w)


@device
def _step(plan, left, right, p, q, sums):
    """The sums of one row of each part."""
    rows, columns, own_rows, own_columns = plan[0], plan[1], plan[3], plan[4]
    a = cuda.local.array(8, left.dtype)
    b = cuda.local.array(8, right.dtype)
    for h in range(own_rows // 4):
        a[4 * h], a[4 * h + 1], a[4 * h + 2], a[4 * h + 3] = load4(left, p + h * (4 * rows // own_rows))
    for h in range(own_columns // 4):
        b[4 * h], b[4 * h + 1], b[4 * h + 2], b[4 * h + 3] = load4(right, q + h * (4 * columns // own_columns))
    for i in range(own_rows):
        for j in range(own_columns):
            sums[i * own_columns + j] += a[i] * b[j]


@device
def multiply(plan, left, right, buffer, i0, j0, sums):
    """The sums of a buffer. Eight calls, because the compiler does not unroll a loop round loops."""
    rows, columns, depth = plan[0], plan[1], plan[2]
    dp, dq = rows + 4, columns + 4
    p, q = buffer * line(rows, depth, depth) + i0, buffer * line(columns, depth, depth) + j0
    for _ in range(depth // 8):
        _step(plan, left, right, p, q, sums)
        _step(plan, left, right, p + dp, q + dq, sums)
        _step(plan, left, right, p + 2 * dp, q + 2 * dq, sums)
        _step(plan, left, right, p + 3 * dp, q + 3 * dq, sums)
        _step(plan, left, right, p + 4 * dp, q + 4 * dq, sums)
        _step(plan, left, right, p + 5 * dp, q + 5 * dq, sums)
        _step(plan, left, right, p + 6 * dp, q + 6 * dq, sums)
        _step(plan, left, right, p + 7 * dp, q + 7 * dq, sums)
        p += line(rows, depth, 8)
        q += line(columns, depth, 8)


@device
def slice_of(plan, K):
    """Where the depth of this block's slice, blockIdx.y, begins and ends."""
    depth, slices = plan[2], cuda.gridDim.y
    steps = (K + depth - 1) // depth
    own = (steps + slices - 1) // slices * depth
    first = cuda.blockIdx.y * own
    return int32(min(first, K)), int32(min(first + own, K))


@device
def tile_of(plan, N):
    """The first row and column of the block's tile in C: tiles of a row are neighbours, and share A in the L2 cache."""
    across = (N + plan[1] - 1) // plan[1]
    return int32(cuda.blockIdx.x // across * plan[0]), int32(cuda.blockIdx.x % across * plan[1])


def blocks_of(plan: tuple[int, ...], M: int, N: int, slices: int) -> tuple[int, int]:
    """The grid for `tile_of` and `slice_of`."""
    return ceil_div(M, plan[0]) * ceil_div(N, plan[1]), slices


@device
def write(plan, sums, i0, j0, C, first, M, N, wide):
    """Store a thread's sums to the matrix (M, N) that begins at `first` of C; i0 and j0 are its place in the matrix."""
    rows, columns, own_rows, own_columns = plan[0], plan[1], plan[3], plan[4]
    for h in range(own_rows // 4):
        for e in range(4):
            i = i0 + h * (4 * rows // own_rows) + e
            for g in range(own_columns // 4):
                j = j0 + g * (4 * columns // own_columns)
                s, at = (4 * h + e) * own_columns + 4 * g, int32(first + i * N + j)
                if i < M:
                    if wide:
                        if j < N:
                            store4(C, at, sums[s], sums[s + 1], sums[s + 2], sums[s + 3])
                    else:
                        for f in range(4):
                            if j + f < N:
                                store(C, int32(at + f), sums[s + f])


@device
def add_to_columns(plan, b, j0, sums):
    """Add a bias, one number for each column, of which the thread's begin at j0."""
    columns, own_rows, own_columns = plan[1], plan[3], plan[4]
    for g in range(own_columns // 4):
        for f in range(4):
            j = j0 + g * (4 * columns // own_columns) + f
            if j < b.size:
                value = load(b, j)
                for i in range(own_rows):
                    sums[i * own_columns + 4 * g + f] += value


@device
def sum_of_slices(part, slices, size, i):
    """part[s * size + i] added up over s, in order; four are loaded at a time, to wait less often."""
    total = like(0.0, part)
    s = 0
    while s + 4 <= slices:
        x, y = load(part, s * size + i), load(part, (s + 1) * size + i)
        z, w = load(part, (s + 2) * size + i), load(part, (s + 3) * size + i)
        total += (x + y) + (z + w)
        s += 4
    while s < slices:
        total += load(part, s * size + i)
        s += 1
    return total
