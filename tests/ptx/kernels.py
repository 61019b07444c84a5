"""Small kernels, right ones: each is compiled to PTX, run on the machine, and compared with NumPy."""

import math

from .compiler import numba_cuda

cuda = numba_cuda()

from numba import float32, int32  # noqa: E402

from .wide import ld4, st4  # noqa: E402

TILE = 32
PADDED = TILE + 1
WARPS = 32


def add(x, y, z, n):
    """One element a thread; the last block has a tail."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < n:
        z[i] = x[i] + y[i]


def scale(x, y, n, factor):
    """A grid-stride loop: threads make different numbers of turns."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    step = cuda.blockDim.x * cuda.gridDim.x
    while i < n:
        y[i] = factor * x[i]
        i += step


def transpose(x, y, rows, columns):
    """32x32 tiles through shared memory, a column of padding against bank conflicts."""
    tile = cuda.shared.array((TILE, PADDED), float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    i, j = cuda.blockIdx.y * TILE + ty, cuda.blockIdx.x * TILE + tx
    if i < rows and j < columns:
        tile[ty, tx] = x[i, j]
    cuda.syncthreads()
    i, j = cuda.blockIdx.x * TILE + ty, cuda.blockIdx.y * TILE + tx
    if i < columns and j < rows:
        y[i, j] = tile[tx, ty]


def sum_by_shuffles(x, sums, n):
    """The sum of each block: by shuffles within warps, then within the first warp."""
    parts = cuda.shared.array(WARPS, float32)
    t = cuda.threadIdx.x
    total = float32(0)
    i = cuda.blockIdx.x * cuda.blockDim.x + t
    while i < n:
        total += x[i]
        i += cuda.blockDim.x * cuda.gridDim.x
    for k in range(5):
        total += cuda.shfl_down_sync(0xFFFFFFFF, total, 16 >> k)
    if t % 32 == 0:
        parts[t // 32] = total
    cuda.syncthreads()
    if t < 32:
        total = parts[t] if t < cuda.blockDim.x // 32 else float32(0)
        for k in range(5):
            total += cuda.shfl_down_sync(0xFFFFFFFF, total, 16 >> k)
        if t == 0:
            sums[cuda.blockIdx.x] = total


def sum_by_halves(x, sums, n):
    """The sum of each block, in dynamic shared memory, half of the threads at each turn."""
    parts = cuda.shared.array(0, float32)
    t = cuda.threadIdx.x
    i = cuda.blockIdx.x * cuda.blockDim.x + t
    parts[t] = x[i] if i < n else float32(0)
    cuda.syncthreads()
    half = cuda.blockDim.x // 2
    while half > 0:
        if t < half:
            parts[t] += parts[t + half]
        cuda.syncthreads()
        half //= 2
    if t == 0:
        sums[cuda.blockIdx.x] = parts[0]


def matmul(a, b, c, m, n, k):
    """c = a b in 32x32 tiles, any sizes: what lies outside counts as zero. Four rows a thread, blocks of (32, 8)."""
    left = cuda.shared.array((TILE, TILE), float32)
    right = cuda.shared.array((TILE, TILE), float32)
    sums = cuda.local.array(4, float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    row, column = cuda.blockIdx.y * TILE, cuda.blockIdx.x * TILE + tx
    for r in range(4):
        sums[r] = float32(0)
    for start in range(0, k, TILE):
        for r in range(4):
            i = ty + 8 * r
            left[i, tx] = a[row + i, start + tx] if row + i < m and start + tx < k else float32(0)
            right[i, tx] = b[start + i, column] if start + i < k and column < n else float32(0)
        cuda.syncthreads()
        for p in range(TILE):
            for r in range(4):
                sums[r] += left[ty + 8 * r, p] * right[p, tx]
        cuda.syncthreads()
    for r in range(4):
        if row + ty + 8 * r < m and column < n:
            c[row + ty + 8 * r, column] = sums[r]


@cuda.jit(device=True)
def sigmoid(x):
    return float32(1) / (float32(1) + math.exp(-x))


def lstm(z, c, h, n, units):
    """Gates (n, 4 units) in the order i, f, g, o, and the cell's state (n, units), to the next state and the output."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < n * units:
        at = i // units * 4 * units + i % units
        state = sigmoid(z[at + units]) * c[i] + sigmoid(z[at]) * math.tanh(z[at + 2 * units])
        c[i] = state
        h[i] = sigmoid(z[at + 3 * units]) * math.tanh(state)


def copy4(x, y, n):
    """Four numbers a thread, 128 bits at once; n is a multiple of 4."""
    i = 4 * (cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
    if i < n:
        st4(y, i, ld4(x, i))


def relu(x, y, n):
    """NaN stays NaN: the comparison is the one that is false for it."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < n:
        y[i] = float32(0) if x[i] < float32(0) else x[i]


def collatz(x, steps, n):
    """Loops whose lengths depend on the data."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i >= n:
        return
    value, count = x[i], int32(0)
    while value != 1:
        value = value // 2 if value % 2 == 0 else 3 * value + 1
        count += 1
    steps[i] = count
