"""The same kernels with one mistake each: what the machine has to find."""

from .compiler import numba_cuda

cuda = numba_cuda()

from numba import float32  # noqa: E402

from .kernels import PADDED, TILE  # noqa: E402
from .wide import ld4, st4  # noqa: E402


def transpose_without_barrier(x, y, rows, columns):
    tile = cuda.shared.array((TILE, PADDED), float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    i, j = cuda.blockIdx.y * TILE + ty, cuda.blockIdx.x * TILE + tx
    if i < rows and j < columns:
        tile[ty, tx] = x[i, j]
    i, j = cuda.blockIdx.x * TILE + ty, cuda.blockIdx.y * TILE + tx
    if i < columns and j < rows:
        y[i, j] = tile[tx, ty]


def transpose_without_padding(x, y, rows, columns):
    """Right, but slow: a column of the tile lies in one bank."""
    tile = cuda.shared.array((TILE, TILE), float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    i, j = cuda.blockIdx.y * TILE + ty, cuda.blockIdx.x * TILE + tx
    if i < rows and j < columns:
        tile[ty, tx] = x[i, j]
    cuda.syncthreads()
    i, j = cuda.blockIdx.x * TILE + ty, cuda.blockIdx.y * TILE + tx
    if i < columns and j < rows:
        y[i, j] = tile[tx, ty]


def running_sums(x, y, n):
    """The second barrier of each turn is missing: a tile is overwritten while it is read."""
    tile = cuda.shared.array(TILE, float32)
    t = cuda.threadIdx.x
    total = float32(0)
    for start in range(0, n, TILE):
        tile[t] = x[start + t]
        cuda.syncthreads()
        for p in range(TILE):
            total += tile[p]
    y[t] = total


def add_without_tail(x, y, z, n):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    z[i] = x[i % n] + y[i % n]


def copy4_from_an_odd_place(x, y, n):
    i = 4 * (cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
    if i < n:
        st4(y, i, ld4(x, i + 1))


def barrier_in_a_branch(x, n):
    tile = cuda.shared.array(64, float32)
    i = cuda.threadIdx.x
    if i < n:
        tile[i] = x[i]
        cuda.syncthreads()
        x[i] = tile[n - 1 - i]


def sum_of_a_tile_half_filled(x, sums, n):
    tile = cuda.shared.array(TILE, float32)
    t = cuda.threadIdx.x
    if t < n:
        tile[t] = x[t]
    cuda.syncthreads()
    if t == 0:
        total = float32(0)
        for p in range(TILE):
            total += tile[p]
        sums[0] = total


def relu_that_drops_nan(x, y, n):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < n:
        y[i] = x[i] if x[i] > float32(0) else float32(0)


def column_sums(x, sums, rows, columns):
    """Each row's thread adds to its column's sum: threads race in global memory."""
    i, j = cuda.threadIdx.y, cuda.threadIdx.x
    if i < rows and j < columns:
        sums[j] += x[i * columns + j]


def tenth_in_float64(x, n):
    i = cuda.threadIdx.x
    if i < n:
        x[i] = 0.1 * x[i]


def sum_by_atomics(x, sums, n):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < n:
        cuda.atomic.add(sums, 0, x[i])
