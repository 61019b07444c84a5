"""A convolution of images on a GPU: numbanet.kernels.conv2d, F1, of one group and without dilation.

Behind the first rung it is a product: a row of the left matrix is what a window shows, position after position, and
a row of the right one has the weights of one of the window's cells and channels. The left one is never stored.
"""

from numba import cuda

from ...kernels._cuda import ceil_div, device, divide, like, load, load4, store, store4, within
from ...kernels._cuda_gemm import is_wide
from ...kernels._cuda_kernel import THREADS, kernel
from ...kernels._cuda_recurrent import four_at
from ...kernels.conv2d import cuda as library
from . import Variant
from ._cuda_tile import (
    EXTENT,
    OWN,
    PART,
    SHARE,
    SIDE,
    SUMS,
    TURNED,
    blocks,
    clear,
    element,
    multiply,
    multiply_fours,
    own_place,
    put_fours,
    write,
    write_fours,
)


@kernel(grid=lambda x, w, b, strides, padding, dilation, y: ceil_div(y.size, THREADS))
def naive(x, w, b, strides, padding, dilation, y):
    N, H, W, C = x.shape
    KH, KW, _, O = w.shape
    P, Q = y.shape[1], y.shape[2]
    position, o = divide(cuda.blockIdx.x * THREADS + cuda.threadIdx.x, O)
    line, q = divide(position, Q)
    n, p = divide(line, P)
    if n < N:
        total = b[o]
        for kh in range(KH):
            for kw in range(KW):
                row, column = p * strides[0] + kh - padding[0], q * strides[1] + kw - padding[1]
                if within(row, H) and within(column, W):
                    for i in range(C):
                        total += x[n, row, column, i] * w[kh, kw, i, o]
        y[n, p, q, o] = total


@device
def shown(x, w, strides, padding, y, position, k):
    """Where the k-th number that a window shows lies in x, and whether it lies there: else it is zero."""
    N, H, W, C = x.shape
    line, q = divide(position, y.shape[2])
    n, p = divide(line, y.shape[1])
    cell, i = divide(k, C)
    kh, kw = divide(cell, w.shape[1])
    row, column = p * strides[0] + kh - padding[0], q * strides[1] + kw - padding[1]
    inside = n < N and kh < w.shape[0] and within(row, H) and within(column, W)
    return ((n * H + row) * W + column) * C + i, inside


def matrix(y):
    """Its rows, the positions, and its columns, the output channels."""
    return y.size // y.shape[3], y.shape[3]


@kernel(grid=lambda x, w, b, strides, padding, dilation, y: blocks(SIDE, *matrix(y)))
def shared_memory(x, w, b, strides, padding, dilation, y):
    left = cuda.shared.array((SIDE, SIDE), x.dtype)
    right = cuda.shared.array((SIDE, SIDE), x.dtype)
    depth, O = w.shape[0] * w.shape[1] * w.shape[2], w.shape[3]
    row, column = own_place()
    position, o = cuda.blockIdx.x * SIDE + row, cuda.blockIdx.y * SIDE + column
    total = like(0.0, x)
    for k0 in range(0, depth, SIDE):
        at, inside = shown(x, w, strides, padding, y, position, k0 + column)
        left[row, column] = load(x, at) if inside else like(0.0, x)
        right[row, column] = element(w, depth, O, k0 + row, o)
        cuda.syncthreads()
        for k in range(SIDE):
            total += left[row, k] * right[k, column]
        cuda.syncthreads()
    if position * O < y.size and o < O:
        store(y, position * O + o, total + b[o])


@kernel(grid=lambda x, w, b, strides, padding, dilation, y: blocks(EXTENT, *matrix(y)))
def register_tile(x, w, b, strides, padding, dilation, y):
    left = cuda.shared.array(PART, x.dtype)
    right = cuda.shared.array(PART, x.dtype)
    sums = cuda.local.array(SUMS, x.dtype)
    positions, depth, O = y.shape[0] * y.shape[1] * y.shape[2], w.shape[0] * w.shape[1] * w.shape[2], w.shape[3]
    t = cuda.threadIdx.x
    i, j = own_place()
    i0, j0 = cuda.blockIdx.x * EXTENT, cuda.blockIdx.y * EXTENT
    clear(sums)
    for k0 in range(0, depth, SIDE):
        for v in range(SHARE):
            row, k = divide(t + v * THREADS, SIDE)
            at, inside = shown(x, w, strides, padding, y, i0 + row, k0 + k)
            left[row * SIDE + k] = load(x, at) if inside else like(0.0, x)
            k, column = divide(t + v * THREADS, EXTENT)
            right[k * EXTENT + column] = element(w, depth, O, k0 + k, j0 + column)
        cuda.syncthreads()
        multiply(left, right, i, j, sums)
        cuda.syncthreads()
    write(sums, b, y, positions, O, i0 + i, j0 + j)


@device
def shown_four(wide, x, w, strides, padding, y, position, k):
    """Four numbers that a window shows from the k-th on; wide: they are channels of one cell."""
    x0, x1, x2, x3 = like(0.0, x), like(0.0, x), like(0.0, x), like(0.0, x)
    at, inside = shown(x, w, strides, padding, y, position, k)
    if wide:
        if inside:
            x0, x1, x2, x3 = load4(x, at)
    else:
        if inside:
            x0 = load(x, at)
        at, inside = shown(x, w, strides, padding, y, position, k + 1)
        if inside:
            x1 = load(x, at)
        at, inside = shown(x, w, strides, padding, y, position, k + 2)
        if inside:
            x2 = load(x, at)
        at, inside = shown(x, w, strides, padding, y, position, k + 3)
        if inside:
            x3 = load(x, at)
    return x0, x1, x2, x3


@kernel(
    grid=lambda x, w, b, strides, padding, dilation, y: blocks(EXTENT, *matrix(y)),
    plan=lambda x, w, b, strides, padding, dilation, y: (is_wide(x), is_wide(w), is_wide(y)),
)
def vectorised(plan, x, w, b, strides, padding, dilation, y):
    left = cuda.shared.array(TURNED, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    positions, depth, O = y.shape[0] * y.shape[1] * y.shape[2], w.shape[0] * w.shape[1] * w.shape[2], w.shape[3]
    t = cuda.threadIdx.x
    i, j = own_place()
    i0, j0 = cuda.blockIdx.x * EXTENT, cuda.blockIdx.y * EXTENT
    clear(sums)
    for k0 in range(0, depth, SIDE):
        row, part = divide(t, SIDE // 4)
        x0, x1, x2, x3 = shown_four(plan[0], x, w, strides, padding, y, i0 + row, k0 + 4 * part)
        put_fours(x0, x1, x2, x3, row, 4 * part, left)
        row, part = divide(t, EXTENT // 4)
        k, o = k0 + row, j0 + 4 * part
        w0, w1, w2, w3 = four_at(plan[1], w, k * O + o, O - o if k < depth else 0)
        store4(right, row * EXTENT + 4 * part, w0, w1, w2, w3)
        cuda.syncthreads()
        multiply_fours(left, right, OWN * i, OWN * j, sums)
        cuda.syncthreads()
    write_fours(plan[2], sums, b, y, positions, O, i0 + OWN * i, j0 + OWN * j)


RUNGS = (
    Variant(
        "naive",
        naive,
        "A thread for each output, which adds up its sum over the window and its channels in a register.\n"
        "Neighbours read neighbouring weights, but every multiply-add asks the memory for two numbers.",
    ),
    Variant(
        "shared memory",
        shared_memory,
        f"A block of {SIDE} by {SIDE} threads brings what windows show, and weights, into the memory they share.\n"
        f"Every number that comes from afar, and the search for its place, serves {SIDE} multiply-adds.",
        (shown, own_place, element),
    ),
    Variant(
        "register tile",
        register_tile,
        f"A thread has {OWN} positions by {OWN} channels, a block {EXTENT} by {EXTENT}; sums stay in registers.\n"
        f"{2 * OWN} numbers out of shared memory, which was the limit, now make {SUMS} multiply-adds, not {OWN}.",
        (shown, own_place, element, multiply, write),
    ),
    Variant(
        "vectorised",
        vectorised,
        "Four channels of a cell are loaded by one instruction of 128 bits, and so are four weights and outputs.\n"
        "Their place in the image, with its divisions, is worked out once for all four.",
        (shown, shown_four, own_place, four_at, put_fours, multiply_fours, write_fours),
    ),
    Variant(
        "library",
        library.forward,
        "The next parts are loaded into registers while these are multiplied, into a second buffer; places are kept.\n"
        "The tile, and slices of the depth, are chosen for all of the GPU to have work; reads meet no bank conflicts.",
    ),
)
