"""numbanet.kernels.erasing: a thread draws a box, or has four channels, or one, of a pixel."""

import numpy as np
from numba import cuda, int32

from .._cuda import ceil_div, device, like, load, store
from .._cuda_kernel import THREADS, kernel
from .._cuda_philox import block, least
from .._cuda_windows import choose, pixel, pixel_blocks, put, quad, take

BOUND = {"bound": lambda seed, stream, iteration, probability, *others: least(probability)}


def _samples(*arguments):
    return ceil_div(arguments[-1].shape[0], THREADS)


@device
def _between(word, a, b):
    # F1
    return a + (np.int64(word) * (b - a + 1) >> 32)


@device
def _put(boxes, n, there, top, bottom, left, right):
    store(boxes, 4 * n, like(top if there else 0, boxes))
    store(boxes, 4 * n + 1, like(bottom if there else 0, boxes))
    store(boxes, 4 * n + 2, like(left if there else 0, boxes))
    store(boxes, 4 * n + 3, like(right if there else 0, boxes))


@kernel(grid=_samples, numbers=BOUND)
def draw_inside(seed, stream, iteration, probability, image, heights, widths, boxes, bound):
    H, W = image
    n = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if n < boxes.shape[0]:
        w0, w1, w2, w3 = block(seed, stream, iteration[0], 2 * n)
        w4, _, _, _ = block(seed, stream, iteration[0], 2 * n + 1)
        # F3, F4
        h, v = _between(w1, heights[0], heights[1]), _between(w2, widths[0], widths[1])
        top, left = _between(w3, 0, H - h), _between(w4, 0, W - v)
        # F2
        _put(boxes, n, w0 < bound, top, top + h, left, left + v)


@kernel(grid=_samples, numbers=BOUND)
def draw_centred(seed, stream, iteration, probability, image, heights, widths, boxes, bound):
    H, W = image
    n = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if n < boxes.shape[0]:
        w0, w1, w2, w3 = block(seed, stream, iteration[0], 2 * n)
        w4, _, _, _ = block(seed, stream, iteration[0], 2 * n + 1)
        # F3, F5
        h, v = _between(w1, heights[0], heights[1]), _between(w2, widths[0], widths[1])
        t, l = _between(w3, 0, H - 1) - h // 2, _between(w4, 0, W - 1) - v // 2
        # F2, F6
        _put(boxes, n, w0 < bound, max(t, 0), min(t + h, H), max(l, 0), min(l + v, W))


@device
def _replace(lanes, x, boxes, value, y):
    """F7 and B1"""
    N, H, W, C = y.shape
    n, i, j, c = pixel(lanes, H, W, C)
    if n < N:
        rows = int32(load(boxes, 4 * n)) <= i < int32(load(boxes, 4 * n + 1))
        columns = int32(load(boxes, 4 * n + 2)) <= j < int32(load(boxes, 4 * n + 3))
        at = ((n * H + i) * W + j) * C + c
        put(y, at, choose(rows and columns, quad(like(value, y)), take(x, at, lanes)), lanes)


@kernel(grid=lambda x, boxes, fill_value, y: pixel_blocks(*y.shape))
def forward(x, boxes, fill_value, y):
    if y.shape[3] % 4 == 0:
        _replace(4, x, boxes, fill_value, y)
    else:
        _replace(1, x, boxes, fill_value, y)


@kernel(grid=lambda dy, boxes, dx: pixel_blocks(*dx.shape))
def backward(dy, boxes, dx):
    if dx.shape[3] % 4 == 0:
        _replace(4, dy, boxes, 0.0, dx)
    else:
        _replace(1, dy, boxes, 0.0, dx)
