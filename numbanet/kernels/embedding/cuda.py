"""numbanet.kernels.embedding: forward a thread copies four columns; backward a block owns some rows of the table.

Such a block looks through all indices. Positions of its rows go to a list in shared memory, in order; then each warp
adds every eighth of the list to sums of its own, 32 columns wide, and the sums of the warps are added in their order.
So the same bits come out at every run, whichever indices are frequent, and without atomics.
"""

from numba import cuda, int32

from .._cuda import WARP, ceil_div, device, divide, like, load, load4, store, store4
from .._cuda_gemm import is_wide
from .._cuda_kernel import THREADS, kernel

ELEMENTS = 4  # of a thread
SCANNED = 8  # indices that a thread looks at in a turn
CHUNK = SCANNED * THREADS
WARPS = THREADS // WARP
ROWS = 16  # of the table for a block, at most: of sums for each warp
BLOCKS = 128  # for small tables, of fewer rows each: frequent rows are spread over the GPU
SUMS = WARPS * ROWS * WARP


@kernel(
    grid=lambda x, w, y: ceil_div(y.size, ELEMENTS * THREADS),
    plan=lambda x, w, y: (int(is_wide(w) and is_wide(y)),),
)
def forward(plan, x, w, y):
    E = w.shape[1]
    block = cuda.blockIdx.x * ELEMENTS * THREADS
    # F1
    if plan[0]:
        i = block + ELEMENTS * cuda.threadIdx.x
        if i < y.size:
            r, e = divide(i, E)
            k0, k1, k2, k3 = load4(w, int32(load(x, r)) * E + e)
            store4(y, i, k0, k1, k2, k3)
    else:
        for k in range(ELEMENTS):
            i = block + k * THREADS + cuda.threadIdx.x
            if i < y.size:
                r, e = divide(i, E)
                store(y, i, load(w, int32(load(x, r)) * E + e))


@device
def _index(x, r, v0, rows):
    """The row of the block that position r names, or -1."""
    v = int32(load(x, r)) - v0 if r < x.size else int32(-1)
    return v if 0 <= v < rows else int32(-1)


@device
def _before(count, shared):
    """How many the threads before this one have, and all of them: in two turns, of 16 threads and of 16 such groups."""
    t = cuda.threadIdx.x
    shared[t] = count
    cuda.syncthreads()
    first = int32(0)
    for k in range(t & ~15, t):
        first += shared[k]
    cuda.syncthreads()
    if t & 15 == 15:
        shared[t >> 4] = first + count
    cuda.syncthreads()
    total = int32(0)
    for k in range(THREADS // 16):
        if k == t >> 4:
            first += total
        total += shared[k]
    return first, total


@kernel(
    grid=lambda dy, x, dw: (ceil_div(len(dw), min(ROWS, ceil_div(len(dw), BLOCKS))), ceil_div(dw.shape[1], WARP)),
)
def backward(dy, x, dw):
    found = cuda.shared.array(CHUNK, int32)
    counts = cuda.shared.array(THREADS, int32)
    sums = cuda.shared.array(SUMS, dw.dtype)
    V, E = dw.shape
    rows = int32((V + cuda.gridDim.x - 1) // cuda.gridDim.x)
    v0 = int32(cuda.blockIdx.x * rows)
    t = cuda.threadIdx.x
    warp, e = t // WARP, cuda.blockIdx.y * WARP + t % WARP
    own = warp * ROWS * WARP + t % WARP
    zero = like(0.0, dw)
    for v in range(rows):
        sums[own + v * WARP] = zero
    for first in range(0, x.size, CHUNK):
        r0, count = first + t * SCANNED, int32(0)
        for k in range(SCANNED):
            if _index(x, r0 + k, v0, rows) >= 0:
                count += int32(1)
        at, total = _before(count, counts)
        for k in range(SCANNED):
            v = _index(x, r0 + k, v0, rows)
            if v >= 0:
                found[at] = int32(t * SCANNED + k) * int32(ROWS) + v
                at += int32(1)
        cuda.syncthreads()
        # B1
        if e < E:
            for i in range(warp, total, 4 * WARPS):
                _add_four(dy, first * E + e, E, found, i, total, sums, own)
        cuda.syncthreads()
    for i in range(t, rows * WARP, THREADS):
        v, column = v0 + i // WARP, cuda.blockIdx.y * WARP + i % WARP
        if v < V and column < E:
            s = zero
            for k in range(WARPS):
                s += sums[k * ROWS * WARP + i]
            store(dw, v * E + column, s)


@device
def _add_four(dy, first, E, found, i, total, sums, own):
    """Add four positions of the list: all are loaded before the first is added, so that memory is waited for once."""
    zero = like(0.0, dy)
    j1, j2, j3 = i + WARPS, i + 2 * WARPS, i + 3 * WARPS
    p0, p1 = found[i], found[j1] if j1 < total else int32(-1)
    p2, p3 = found[j2] if j2 < total else int32(-1), found[j3] if j3 < total else int32(-1)
    d0 = load(dy, first + p0 // ROWS * E)
    d1 = load(dy, first + p1 // ROWS * E) if p1 >= 0 else zero
    d2 = load(dy, first + p2 // ROWS * E) if p2 >= 0 else zero
    d3 = load(dy, first + p3 // ROWS * E) if p3 >= 0 else zero
    sums[own + p0 % ROWS * WARP] += d0
    if p1 >= 0:
        sums[own + p1 % ROWS * WARP] += d1
    if p2 >= 0:
        sums[own + p2 % ROWS * WARP] += d2
    if p3 >= 0:
        sums[own + p3 % ROWS * WARP] += d3
