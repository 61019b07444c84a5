"""numbanet.kernels.erasing: boxes are drawn sample by sample, and rows are copied in three stretches."""

import math

import numpy as np

from .._jit import inline, like
from .._kernel import kernel
from .._philox import block
from .._rows import row_block, row_blocks
from .._tile import flat

COST = 64  # elements that drawing a box takes as long as: two blocks of Philox


def _draw_tasks(seed, stream, iteration, probability, image, heights, widths, boxes):
    return row_blocks(boxes.shape[0], COST)


def _tasks(*arguments):
    N, H, W, C = arguments[-1].shape
    return row_blocks(N * H, W * C)


@inline
def _between(word, a, b):
    # F1
    return a + (np.int64(word) * (b - a + 1) >> 32)


@inline
def _put(boxes, n, top, bottom, left, right):
    boxes[n, 0], boxes[n, 1] = like(top, boxes), like(bottom, boxes)
    boxes[n, 2], boxes[n, 3] = like(left, boxes), like(right, boxes)


@kernel(tasks=_draw_tasks)
def draw_inside(task, seed, stream, iteration, probability, image, heights, widths, boxes):
    H, W = image
    bound = np.int64(math.ceil(probability * 2.0**32))  # w 2^-32 < probability
    first, last = row_block(task, boxes.shape[0], COST)
    for n in range(first, last):
        w0, w1, w2, w3 = block(seed, stream, iteration[0], 2 * n)
        w4, _, _, _ = block(seed, stream, iteration[0], 2 * n + 1)
        # F3, F4
        h, v = _between(w1, heights[0], heights[1]), _between(w2, widths[0], widths[1])
        top, left = _between(w3, 0, H - h), _between(w4, 0, W - v)
        if np.int64(w0) < bound:  # F2
            _put(boxes, n, top, top + h, left, left + v)
        else:
            _put(boxes, n, 0, 0, 0, 0)


@kernel(tasks=_draw_tasks)
def draw_centred(task, seed, stream, iteration, probability, image, heights, widths, boxes):
    H, W = image
    bound = np.int64(math.ceil(probability * 2.0**32))
    first, last = row_block(task, boxes.shape[0], COST)
    for n in range(first, last):
        w0, w1, w2, w3 = block(seed, stream, iteration[0], 2 * n)
        w4, _, _, _ = block(seed, stream, iteration[0], 2 * n + 1)
        # F3, F5
        h, v = _between(w1, heights[0], heights[1]), _between(w2, widths[0], widths[1])
        t, l = _between(w3, 0, H - 1) - h // 2, _between(w4, 0, W - 1) - v // 2
        if np.int64(w0) < bound:  # F2
            # F6
            _put(boxes, n, max(t, 0), min(t + h, H), max(l, 0), min(l + v, W))
        else:
            _put(boxes, n, 0, 0, 0, 0)


@inline
def _replace(task, x, boxes, value, y):
    """F7 and B1"""
    N, H, W, C = y.shape
    xs, ys = flat(x), flat(y)
    first, last = row_block(task, N * H, W * C)
    for r in range(first, last):
        n, i = r // H, r % H
        row, out = xs[r * W * C : (r + 1) * W * C], ys[r * W * C : (r + 1) * W * C]
        for k in range(out.size):
            out[k] = row[k]
        if int(boxes[n, 0]) <= i < int(boxes[n, 1]):
            for k in range(int(boxes[n, 2]) * C, int(boxes[n, 3]) * C):
                out[k] = value


@kernel(tasks=_tasks)
def forward(task, x, boxes, fill_value, y):
    _replace(task, x, boxes, like(fill_value, x), y)


@kernel(tasks=_tasks)
def backward(task, dy, boxes, dx):
    _replace(task, dy, boxes, like(0.0, dx), dx)
