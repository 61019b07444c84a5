"""numbanet.kernels.global_max_pool: forward a block has some channels of a sample, backward a thread has a quad of four
positions.
"""

import numpy as np
from numba import cuda

from .._cuda import device, like, load, store
from .._cuda_kernel import kernel
from .._cuda_windows import MOST, ROUND, channels, column_threads, put_rows, row_blocks, rows_apart, sample_blocks, take


@device
def _exceeds(v, t, most, found):
    """The value of position t takes the place of the one of position `found`."""
    if v != v:
        return most == most or t < found
    return v > most or (v == most and t < found)


@kernel(grid=lambda x, argmax, y: sample_blocks(*y.shape), threads=lambda x, argmax, y: column_threads(x.shape[1]))
def forward(x, argmax, y):
    values = cuda.shared.array(MOST, x.dtype)
    places = cuda.shared.array(MOST, np.int32)
    N, T, C = x.shape
    n, c, row, rows, width = channels(N, C)
    at = n * T * C + min(c, C - 1)
    # F1, F2: of a thread's own positions
    most, found = like(float("-inf"), x), min(row, T - 1)
    t = row
    while t < T:
        for k in range(ROUND):
            # beyond the last it is the last one again, which exceeds nothing
            place = min(t + k * rows, T - 1)
            v = load(x, at + place * C)
            if most == most and not v <= most:
                most, found = v, place
        t += ROUND * rows
    # and of those of all threads
    me = cuda.threadIdx.x
    values[me], places[me] = most, found
    half = cuda.blockDim.x >> 1
    while half >= width:
        cuda.syncthreads()
        if me < half and _exceeds(values[me + half], places[me + half], values[me], places[me]):
            values[me], places[me] = values[me + half], places[me + half]
        half >>= 1
    if row == 0 and c < C:
        store(argmax, n * C + c, like(places[me], argmax))
        store(y, n * C + c, values[me])


@device
def _where(place, C, found, g):
    """g in the lanes whose maximum is at this place, which is C times its position."""
    zero = like(0.0, g[0])
    return (
        g[0] if found[0] * C == place else zero,
        g[1] if found[1] * C == place else zero,
        g[2] if found[2] * C == place else zero,
        g[3] if found[3] * C == place else zero,
    )


@device
def _backward(lanes, dy, argmax, dx):
    N, T, C = dx.shape
    n, c, at = rows_apart(lanes, T, C)
    if n < N:
        g, found = take(dy, n * C + c, lanes), take(argmax, n * C + c, lanes)
        # B1
        first = n * T * C + c
        put_rows(
            dx,
            at,
            (
                _where(at[0] - first, C, found, g),
                _where(at[1] - first, C, found, g),
                _where(at[2] - first, C, found, g),
                _where(at[3] - first, C, found, g),
            ),
            lanes,
        )


@kernel(grid=lambda dy, argmax, dx: row_blocks(*dx.shape))
def backward(dy, argmax, dx):
    if dx.shape[2] % 4 == 0:
        _backward(4, dy, argmax, dx)
    else:
        _backward(1, dy, argmax, dx)
