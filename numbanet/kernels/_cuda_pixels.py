"""What CUDA kernels over images share: how a block's threads lie on pixels and channels, and sums over pixels.

Neighbouring threads have neighbouring channels. `lanes` of them, a power of two, go along the channels; the others
along `strips` of a row, and then down the rows of all images, which are one after another.
"""

from numba import cuda

from ._cuda import WARP, ceil_div, device, divide, like, load, short, store
from ._cuda_kernel import THREADS

ACROSS = 4  # pixels that a thread has in a row
PARTS = 256  # of a sum over pixels, at most
ROOM = 4 * THREADS  # values that a block adds up at once
BLOCKS = 1024  # that fill a GPU several times over
DEPTH = THREADS // WARP  # threads that share a column of parts


def power(count, most):
    """The least power of two that is not below count; at most `most`, which is one up to 32."""
    found = (
        1 if count <= 1 else 2 if count <= 2 else 4 if count <= 4 else 8 if count <= 8 else 16 if count <= 16 else 32
    )
    return min(found, most)


def cut(lanes, columns):
    """Strips, and rows of a block."""
    strips = power(ceil_div(columns, ACROSS), max(1, THREADS // lanes // DEPTH))
    return strips, THREADS // lanes // strips


power_of_two = device(power)


@device
def strips_of(lanes, columns):
    """`cut`, in a kernel."""
    pixels = THREADS // lanes
    strips = power_of_two(divide(columns + ACROSS - 1, ACROSS)[0], pixels // DEPTH if pixels > DEPTH else 1)
    return strips, divide(pixels, strips)[0]


def parts_blocks(size):
    """The blocks of add_parts."""
    return ceil_div(size, WARP)


@device
def add_parts(parts, size, out, shared):
    """out.flat[i] = sum over k of parts[k size + i]: a warp along i, and DEPTH threads share the parts of each."""
    count = divide(parts.shape[0], size)[0]
    t = cuda.threadIdx.x
    column, depth = t % WARP, t // WARP
    i = cuda.blockIdx.x * WARP + column
    total = like(0.0, out)
    if i < size:
        k = depth
        while k < count:
            total += load(parts, short(k * size + i))
            k += DEPTH
    shared[t] = total
    cuda.syncthreads()
    if depth == 0 and i < size:
        for k in range(1, DEPTH):
            total += shared[k * WARP + column]
        store(out, i, total)


@device
def add_block(values, shared, lanes):
    """The sums over the block's pixels of four values of each thread, in its first `lanes` threads."""
    t = cuda.threadIdx.x
    cuda.syncthreads()
    for k in range(4):
        shared[k * THREADS + t] = values[k]
    half = THREADS >> 1
    while half >= lanes:
        cuda.syncthreads()
        if t < half:
            for k in range(4):
                shared[k * THREADS + t] += shared[k * THREADS + t + half]
        half >>= 1
    return shared[t], shared[THREADS + t], shared[2 * THREADS + t], shared[3 * THREADS + t]
