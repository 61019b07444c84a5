"""An LSTM over whole sequences on a GPU: numbanet.kernels.lstm, F1 to F4, a launch for each step.

Time runs forwards, every step counts, the activations are tanh and sigmoid, and no state is dropped.
"""

from numba import cuda

from ...kernels._cuda import ceil_div, device, divide, like
from ...kernels._cuda_gates import value
from ...kernels._cuda_kernel import THREADS, kernel
from ...kernels._gates import SIGMOID, TANH
from ...kernels.lstm import cuda as library
from . import Variant
from ._cuda_tile import EXTENT, PART, SIDE, SUMS, blocks, element, multiply, own_place, product, write


@device
def finish(i, f, g, o, n, s, j, z, c, h):
    """F2 to F4 for a unit of a sample, from the sums of its four gates."""
    H = c.shape[2]
    i, f, g, o = value(SIGMOID, i), value(SIGMOID, f), value(TANH, g), value(SIGMOID, o)
    z[n, s, j], z[n, s, H + j], z[n, s, 2 * H + j], z[n, s, 3 * H + j] = i, f, g, o
    after = f * c[n, s, j] + i * g
    c[n, s + 1, j] = after
    h[n, s + 1, j] = o * value(TANH, after)


def steps(x, *others):
    return x.shape[1]


def units(x, w, u, *others):
    """Blocks with a thread for each unit of each sample."""
    return ceil_div(len(x) * len(u), THREADS)


@kernel(grid=units, steps=steps)
def naive(s, x, w, u, b, mask, keep, setting, z, c, h):
    I, H = x.shape[2], len(u)
    n, j = divide(cuda.blockIdx.x * THREADS + cuda.threadIdx.x, H)
    if n < len(x):
        i, f, g, o = b[j], b[H + j], b[2 * H + j], b[3 * H + j]
        for k in range(I):
            i += x[n, s, k] * w[k, j]
            f += x[n, s, k] * w[k, H + j]
            g += x[n, s, k] * w[k, 2 * H + j]
            o += x[n, s, k] * w[k, 3 * H + j]
        for k in range(H):
            i += h[n, s, k] * u[k, j]
            f += h[n, s, k] * u[k, H + j]
            g += h[n, s, k] * u[k, 2 * H + j]
            o += h[n, s, k] * u[k, 3 * H + j]
        finish(i, f, g, o, n, s, j, z, c, h)


@kernel(grid=lambda x, w, *others: blocks(EXTENT, x.shape[0] * x.shape[1], w.shape[1]))
def inputs(x, w, u, b, mask, keep, setting, z, c, h):
    left = cuda.shared.array(PART, x.dtype)
    right = cuda.shared.array(PART, x.dtype)
    sums = cuda.local.array(SUMS, x.dtype)
    product(x, w, b, z, x.shape[0] * x.shape[1], w.shape[0], w.shape[1], left, right, sums)


@kernel(grid=units, steps=steps, before=[inputs])
def inputs_at_once(s, x, w, u, b, mask, keep, setting, z, c, h):
    H = len(u)
    n, j = divide(cuda.blockIdx.x * THREADS + cuda.threadIdx.x, H)
    if n < len(x):
        i, f, g, o = z[n, s, j], z[n, s, H + j], z[n, s, 2 * H + j], z[n, s, 3 * H + j]
        for k in range(H):
            i += h[n, s, k] * u[k, j]
            f += h[n, s, k] * u[k, H + j]
            g += h[n, s, k] * u[k, 2 * H + j]
            o += h[n, s, k] * u[k, 3 * H + j]
        finish(i, f, g, o, n, s, j, z, c, h)


@kernel(grid=lambda x, w, u, *others: blocks(SIDE, len(x), len(u)), steps=steps, before=[inputs])
def shared_memory(s, x, w, u, b, mask, keep, setting, z, c, h):
    left = cuda.shared.array((SIDE, SIDE), x.dtype)
    right = cuda.shared.array((4, SIDE, SIDE), x.dtype)
    N, H = len(x), len(u)
    row, column = own_place()
    n, j = cuda.blockIdx.x * SIDE + row, cuda.blockIdx.y * SIDE + column
    own = n < N and j < H
    i, f, g, o = like(0.0, z), like(0.0, z), like(0.0, z), like(0.0, z)
    if own:
        i, f, g, o = z[n, s, j], z[n, s, H + j], z[n, s, 2 * H + j], z[n, s, 3 * H + j]
    for k0 in range(0, H, SIDE):
        left[row, column] = h[n, s, k0 + column] if n < N and k0 + column < H else like(0.0, h)
        for gate in range(4):
            inside = k0 + row < H and j < H
            right[gate, row, column] = u[k0 + row, gate * H + j] if inside else like(0.0, u)
        cuda.syncthreads()
        for k in range(SIDE):
            state = left[row, k]
            i += state * right[0, k, column]
            f += state * right[1, k, column]
            g += state * right[2, k, column]
            o += state * right[3, k, column]
        cuda.syncthreads()
    if own:
        finish(i, f, g, o, n, s, j, z, c, h)


RUNGS = (
    Variant(
        "naive",
        naive,
        "A launch for each step, in which a thread has a unit of a sample, with its four sums and gates.\n"
        "Neighbours read neighbouring weights, but every multiply-add asks the memory for a weight.",
        (finish,),
    ),
    Variant(
        "inputs at once",
        inputs_at_once,
        "What does not depend on the state, x w + b, is one product for all samples and steps, before the first.\n"
        "It is large enough for the whole GPU and for register tiles, and the steps, which must wait, become shorter.",
        (own_place, element, multiply, write, product, finish),
    ),
    Variant(
        "shared memory",
        shared_memory,
        f"A block has {SIDE} samples by {SIDE} units, and brings tiles of the states and of u into shared memory.\n"
        f"Each weight that comes from afar is used {SIDE} times, and each state {4 * SIDE} times, by all four gates.",
        (own_place, element, multiply, write, product, finish),
    ),
    Variant(
        "library",
        library.forward,
        "A block loads as much of the states and of u at once as shared memory holds, 128 bits at a time.\n"
        "Parts of its threads share out the depth: a step, which is over in microseconds, waits for memory less often.",
    ),
)
