"""numbanet.kernels.max_pool2d in bands of rows: a task owns its rows of y, or of dx, and is their only writer.

A row of windows is taken one cell, or two neighbours, at a time: the inner loop runs over the channels of one window
after the other, which the processor reads ahead, and the row that is written stays in the L1 cache.
"""

import numpy as np

from .._jit import apart, like
from .._kernel import kernel
from .._pooling import band, band_work, bands, clipped, fill, holding, largest, run
from .._tile import flat


def _forward_tasks(x, size, strides, padding, argmax, y):
    return bands(y.shape[0] * y.shape[1], strides[0] * x.shape[2] * x.shape[3])


def _forward_work(x, size, strides, padding, argmax, y):
    N, P, Q, C = y.shape
    return band_work(N * P, strides[0] * x.shape[2] * C, Q * size[0] * size[1], C)


@kernel(tasks=_forward_tasks, work=_forward_work)
def forward(task, x, size, strides, padding, argmax, y):
    N, H, W, C = x.shape
    _, P, Q, _ = y.shape
    (K, L), (S, R), (top, left) = size, strides, padding
    x_, y_, argmax_ = flat(x), flat(y), flat(argmax)
    first, last = band(task, N * P, S * W * C)
    for row in range(first, last):
        n, p = row // P, row % P
        h, i0, i1 = clipped(p, K, S, top, H)
        q = 0
        while q < Q:
            w, j0, j1 = clipped(q, L, R, left, W)
            count = run(q, Q, L, R, left, W)
            out = (row * Q + q) * C
            fill(like(-np.inf, y), y_, out, count * C)
            fill(like(i0 * L + j0, argmax_), argmax_, out, count * C)
            for i in range(i0, i1):
                for j in range(j0, j1, 2):
                    beside = min(1, j1 - 1 - j)  # 0: the last of an odd number is its own neighbour
                    cell = ((n * H + h + i) * W + w + j) * C
                    largest(count, C, i * L + j, beside, (x_, cell, R * C), (y_, argmax_, out))
            q += count


def _backward_tasks(dy, argmax, size, strides, padding, dx):
    N, H, W, C = dx.shape
    return bands(N * H, W * C)


def _backward_work(dy, argmax, size, strides, padding, dx):
    N, H, W, C = dx.shape
    cells = dy.shape[1] * dy.shape[2] * size[0] * size[1]
    return band_work(N * H, W * C, cells / H, C)


@kernel(tasks=_backward_tasks, work=_backward_work)
def backward(task, dy, argmax, size, strides, padding, dx):
    N, H, W, C = dx.shape
    _, P, Q, _ = dy.shape
    (K, L), (S, R), (top, left) = size, strides, padding
    dy_, argmax_, dx_ = flat(dy), flat(argmax), flat(dx)
    first, last = band(task, N * H, W * C)
    for row in range(first, last):
        n, h = row // H, row % H
        fill(like(0.0, dx), dx_, row * W * C, W * C)
        p0, p1 = holding(h, P, K, S, top)
        for p in range(p0, p1):
            k = (h + top - p * S) * L
            q = 0
            while q < Q:
                w, j0, j1 = clipped(q, L, R, left, W)
                count = run(q, Q, L, R, left, W)
                source = (dy_, argmax_, ((n * P + p) * Q + q) * C)
                cell = (row * W + w) * C
                j = j0
                while j + 2 <= j1:
                    _spread_two(count, C, k + j, source, (dx_, cell + j * C, R * C))
                    j += 2
                if j < j1:
                    _spread(count, C, k + j, source, (dx_, cell + j * C, R * C))
                q += count


@apart
def _spread(count, C, k, dy_, dx_):
    """B1 for cell k of `count` windows."""
    dy, argmax, yo = dy_
    dx, xo, step = dx_
    k1, zero = like(k, argmax), like(0.0, dx)
    for window in range(count):
        a, o = np.uint64(xo + window * step), np.uint64(yo + window * C)
        for c in range(np.uint64(C)):
            g, found = dy[o + c], argmax[o + c]
            dx[a + c] += g if found == k1 else zero


@apart
def _spread_two(count, C, k, dy_, dx_):
    """B1 for cells k and k + 1 of `count` windows."""
    dy, argmax, yo = dy_
    dx, xo, step = dx_
    k1, k2, zero = like(k, argmax), like(k + 1, argmax), like(0.0, dx)
    for window in range(count):
        a, o = np.uint64(xo + window * step), np.uint64(yo + window * C)
        b = a + np.uint64(C)
        for c in range(np.uint64(C)):
            g, found = dy[o + c], argmax[o + c]
            dx[a + c] += g if found == k1 else zero
            dx[b + c] += g if found == k2 else zero
