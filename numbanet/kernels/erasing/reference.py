"""The equations of numbanet.kernels.erasing as loops."""

import numpy as np

from .._jit import inline
from .._kernel import kernel
from .._philox import block


@inline
def _word(seed, stream, iteration, n, k):
    return np.int64(block(seed, stream, iteration[0], 2 * n + k // 4)[k % 4])


@inline
def _draw(seed, stream, iteration, n, k, a, b):
    # F1
    return a + (_word(seed, stream, iteration, n, k) * (b - a + 1) >> 32)


@kernel()
def draw_inside(seed, stream, iteration, probability, image, heights, widths, boxes):
    H, W = image
    for n in range(boxes.shape[0]):
        boxes[n, 0] = boxes[n, 1] = boxes[n, 2] = boxes[n, 3] = 0
        # F2
        if _word(seed, stream, iteration, n, 0) * 2.0**-32 < probability:
            # F3
            h = _draw(seed, stream, iteration, n, 1, heights[0], heights[1])
            v = _draw(seed, stream, iteration, n, 2, widths[0], widths[1])
            # F4
            top = _draw(seed, stream, iteration, n, 3, 0, H - h)
            left = _draw(seed, stream, iteration, n, 4, 0, W - v)
            boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3] = top, top + h, left, left + v


@kernel()
def draw_centred(seed, stream, iteration, probability, image, heights, widths, boxes):
    H, W = image
    for n in range(boxes.shape[0]):
        boxes[n, 0] = boxes[n, 1] = boxes[n, 2] = boxes[n, 3] = 0
        # F2
        if _word(seed, stream, iteration, n, 0) * 2.0**-32 < probability:
            # F3
            h = _draw(seed, stream, iteration, n, 1, heights[0], heights[1])
            v = _draw(seed, stream, iteration, n, 2, widths[0], widths[1])
            # F5
            t = _draw(seed, stream, iteration, n, 3, 0, H - 1) - h // 2
            l = _draw(seed, stream, iteration, n, 4, 0, W - 1) - v // 2
            # F6
            boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3] = max(t, 0), min(t + h, H), max(l, 0), min(l + v, W)


@kernel()
def forward(x, boxes, fill_value, y):
    N, H, W, C = x.shape
    for n in range(N):
        top, bottom, left, right = int(boxes[n, 0]), int(boxes[n, 1]), int(boxes[n, 2]), int(boxes[n, 3])
        for i in range(H):
            for j in range(W):
                for c in range(C):
                    # F7
                    y[n, i, j, c] = fill_value if top <= i < bottom and left <= j < right else x[n, i, j, c]


@kernel()
def backward(dy, boxes, dx):
    N, H, W, C = dx.shape
    for n in range(N):
        top, bottom, left, right = int(boxes[n, 0]), int(boxes[n, 1]), int(boxes[n, 2]), int(boxes[n, 3])
        for i in range(H):
            for j in range(W):
                for c in range(C):
                    # B1
                    dx[n, i, j, c] = 0.0 if top <= i < bottom and left <= j < right else dy[n, i, j, c]
