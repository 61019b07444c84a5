"""y = x w + b on a GPU: numbanet.kernels.dense, F1."""

from numba import cuda

from ...kernels._cuda import ceil_div, divide, like, store4
from ...kernels._cuda_gemm import is_wide
from ...kernels._cuda_kernel import THREADS, kernel
from ...kernels._cuda_recurrent import four_at
from ...kernels.dense import cuda as library
from . import Variant
from ._cuda_tile import (
    EXTENT,
    OWN,
    PART,
    SIDE,
    SUMS,
    TURNED,
    blocks,
    clear,
    element,
    multiply,
    multiply_fours,
    own_place,
    product,
    put_fours,
    write,
    write_fours,
)


@kernel(grid=lambda x, w, b, y: ceil_div(y.size, THREADS))
def naive(x, w, b, y):
    I, O = w.shape
    n, o = divide(cuda.blockIdx.x * THREADS + cuda.threadIdx.x, O)
    if n < len(x):
        total = b[o]
        for i in range(I):
            total += x[n, i] * w[i, o]
        y[n, o] = total


@kernel(grid=lambda x, w, b, y: blocks(SIDE, *y.shape))
def shared_memory(x, w, b, y):
    left = cuda.shared.array((SIDE, SIDE), x.dtype)
    right = cuda.shared.array((SIDE, SIDE), x.dtype)
    N, (I, O) = len(x), w.shape
    row, column = own_place()
    n, o = cuda.blockIdx.x * SIDE + row, cuda.blockIdx.y * SIDE + column
    total = like(0.0, x)
    for i0 in range(0, I, SIDE):
        left[row, column] = element(x, N, I, n, i0 + column)
        right[row, column] = element(w, I, O, i0 + row, o)
        cuda.syncthreads()
        for i in range(SIDE):
            total += left[row, i] * right[i, column]
        cuda.syncthreads()
    if n < N and o < O:
        y[n, o] = total + b[o]


@kernel(grid=lambda x, w, b, y: blocks(EXTENT, *y.shape))
def register_tile(x, w, b, y):
    left = cuda.shared.array(PART, x.dtype)
    right = cuda.shared.array(PART, x.dtype)
    sums = cuda.local.array(SUMS, x.dtype)
    product(x, w, b, y, len(x), w.shape[0], w.shape[1], left, right, sums)


@kernel(
    grid=lambda x, w, b, y: blocks(EXTENT, *y.shape),
    plan=lambda x, w, b, y: (is_wide(x), is_wide(w), is_wide(y)),
)
def vectorised(plan, x, w, b, y):
    left = cuda.shared.array(TURNED, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    N, (I, O), t = len(x), w.shape, cuda.threadIdx.x
    i, j = own_place()
    n0, o0 = cuda.blockIdx.x * EXTENT, cuda.blockIdx.y * EXTENT
    clear(sums)
    for i0 in range(0, I, SIDE):
        row, part = divide(t, SIDE // 4)
        n, k = n0 + row, i0 + 4 * part
        x0, x1, x2, x3 = four_at(plan[0], x, n * I + k, I - k if n < N else 0)
        put_fours(x0, x1, x2, x3, row, 4 * part, left)
        row, part = divide(t, EXTENT // 4)
        k, o = i0 + row, o0 + 4 * part
        w0, w1, w2, w3 = four_at(plan[1], w, k * O + o, O - o if k < I else 0)
        store4(right, row * EXTENT + 4 * part, w0, w1, w2, w3)
        cuda.syncthreads()
        multiply_fours(left, right, OWN * i, OWN * j, sums)
        cuda.syncthreads()
    write_fours(plan[2], sums, b, y, N, O, n0 + OWN * i, o0 + OWN * j)


RUNGS = (
    Variant(
        "naive",
        naive,
        "A thread for each output, which adds up its sum over the inputs in a register.\n"
        "Neighbours read neighbouring weights, but every multiply-add asks the memory for two numbers.",
    ),
    Variant(
        "shared memory",
        shared_memory,
        f"A block of {SIDE} by {SIDE} threads brings tiles of x and w into the memory that its threads share.\n"
        f"Every number that comes from afar is used {SIDE} times, and what each multiply-add reads is near.",
        (own_place, element),
    ),
    Variant(
        "register tile",
        register_tile,
        f"A thread has {OWN} by {OWN} outputs, a block {EXTENT} by {EXTENT}, and their sums stay in registers.\n"
        f"{2 * OWN} numbers out of shared memory, which was the limit, now make {SUMS} multiply-adds, not {OWN}.",
        (own_place, element, multiply, write, product),
    ),
    Variant(
        "vectorised",
        vectorised,
        "Four neighbours are loaded and stored by one instruction of 128 bits, in memory and in shared memory.\n"
        "For that x is turned as it is put there, and a quarter of the instructions leaves time for multiply-adds.",
        (own_place, four_at, put_fours, multiply_fours, write_fours),
    ),
    Variant(
        "library",
        library.forward,
        "The next parts are loaded into registers while these are multiplied, into a second buffer.\n"
        "The tile, and slices of the depth, are chosen for all of the GPU to have work; reads meet no bank conflicts.",
    ),
)
