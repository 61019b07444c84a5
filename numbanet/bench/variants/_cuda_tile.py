"""Tiles of C = A B on a GPU, as the ladders need them: a block of threads owns a tile of C.

`shared memory`: SIDE by SIDE, an element a thread. `register tile` and `vectorised`: EXTENT by EXTENT, OWN by OWN
elements a thread. All have blocks of THREADS threads, and parts of A and B of SIDE columns and rows in shared memory.
"""

from numba import cuda

from ...kernels._cuda import ceil_div, device, divide, like, load, load4, store, store4

SIDE, EXTENT, OWN = 16, 64, 4
PART, SUMS, SHARE = SIDE * EXTENT, OWN * OWN, EXTENT // SIDE  # of A or B; of a thread; elements of a part it loads
PITCH = EXTENT + 4  # of a part of A whose rows have become columns
TURNED = SIDE * PITCH  # its elements


def blocks(extent, rows, columns):
    """The grid of tiles of C."""
    return ceil_div(rows, extent), ceil_div(columns, extent)


@device
def own_place():
    """The thread's row and column among SIDE by SIDE threads."""
    return divide(cuda.threadIdx.x, SIDE)


@device
def element(a, rows, columns, row, column):
    """An element of a matrix (rows, columns), or zero beyond its edges."""
    return load(a, row * columns + column) if row < rows and column < columns else like(0.0, a)


@device
def clear(sums):
    for k in range(SUMS):
        sums[k] = like(0.0, sums)


@device
def multiply(left, right, i, j, sums):
    """Add to a thread's sums: of rows i, i + SIDE, ... of a part of A and columns j, j + SIDE, ... of one of B."""
    for k in range(SIDE):
        _multiply_step(left, right, i * SIDE + k, k * EXTENT + j, sums)


@device
def _multiply_step(left, right, p, q, sums):
    a = cuda.local.array(OWN, left.dtype)
    b = cuda.local.array(OWN, right.dtype)
    for e in range(OWN):
        a[e], b[e] = left[p + e * SIDE * SIDE], right[q + e * SIDE]
    for e in range(OWN):
        for f in range(OWN):
            sums[e * OWN + f] += a[e] * b[f]


@device
def write(sums, b, c, rows, columns, row, column):
    """C = the sums + a row b, for rows and columns SIDE apart, from these on."""
    for e in range(OWN):
        for f in range(OWN):
            i, j = row + e * SIDE, column + f * SIDE
            if i < rows and j < columns:
                store(c, i * columns + j, sums[e * OWN + f] + load(b, j))


@device
def product(a, b, s, c, rows, depth, columns, left, right, sums):
    """The block's tile of C = A B + s by the register tile."""
    t = cuda.threadIdx.x
    i, j = own_place()
    i0, j0 = cuda.blockIdx.x * EXTENT, cuda.blockIdx.y * EXTENT
    clear(sums)
    for k0 in range(0, depth, SIDE):
        for v in range(SHARE):
            row, k = divide(t + v * SIDE * SIDE, SIDE)
            left[row * SIDE + k] = element(a, rows, depth, i0 + row, k0 + k)
            k, column = divide(t + v * SIDE * SIDE, EXTENT)
            right[k * EXTENT + column] = element(b, depth, columns, k0 + k, j0 + column)
        cuda.syncthreads()
        multiply(left, right, i, j, sums)
        cuda.syncthreads()
    write(sums, s, c, rows, columns, i0 + i, j0 + j)


@device
def put_fours(x, y, z, w, row, k, left):
    """Four elements of a row of A into shared memory, where they become a column."""
    left[k * PITCH + row], left[(k + 1) * PITCH + row] = x, y
    left[(k + 2) * PITCH + row], left[(k + 3) * PITCH + row] = z, w


@device
def multiply_fours(left, right, i, j, sums):
    """Add to a thread's sums: of rows i, ..., i + 3 and columns j, ..., j + 3 of parts, read 128 bits at a time."""
    for k in range(SIDE):
        _multiply_fours_step(left, right, k * PITCH + i, k * EXTENT + j, sums)


@device
def _multiply_fours_step(left, right, p, q, sums):
    a = cuda.local.array(OWN, left.dtype)
    b = cuda.local.array(OWN, right.dtype)
    a[0], a[1], a[2], a[3] = load4(left, p)
    b[0], b[1], b[2], b[3] = load4(right, q)
    for e in range(OWN):
        for f in range(OWN):
            sums[e * OWN + f] += a[e] * b[f]


@device
def write_fours(wide, sums, b, c, rows, columns, i, j):
    """C = the sums + a row b, for four rows from i on and four columns from j on; wide: 128 bits at a time."""
    for e in range(OWN):
        if i + e < rows:
            at = (i + e) * columns + j
            if wide:
                if j < columns:
                    x, y, z, w = load(b, j), load(b, j + 1), load(b, j + 2), load(b, j + 3)
                    s = e * OWN
                    store4(c, at, sums[s] + x, sums[s + 1] + y, sums[s + 2] + z, sums[s + 3] + w)
            else:
                for f in range(OWN):
                    if j + f < columns:
                        store(c, at + f, sums[e * OWN + f] + load(b, j + f))
