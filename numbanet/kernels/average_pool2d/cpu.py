"""numbanet.kernels.average_pool2d in bands of rows: a task owns its rows of y, or of dx, and is their only writer.

A row of windows is taken one cell, or two neighbours, at a time, as in numbanet.kernels.max_pool2d.cpu.
"""

import numpy as np

from .._jit import apart, like
from .._kernel import kernel
from .._pooling import band, band_work, bands, clipped, fill, holding, run
from .._tile import flat


def _forward_tasks(x, size, strides, padding, y):
    return bands(y.shape[0] * y.shape[1], strides[0] * x.shape[2] * x.shape[3])


def _forward_work(x, size, strides, padding, y):
    N, P, Q, C = y.shape
    return band_work(N * P, strides[0] * x.shape[2] * C, Q * size[0] * size[1], C)


@kernel(tasks=_forward_tasks, work=_forward_work)
def forward(task, x, size, strides, padding, y):
    N, H, W, C = x.shape
    _, P, Q, _ = y.shape
    (K, L), (S, R), (top, left) = size, strides, padding
    x_, y_ = flat(x), flat(y)
    first, last = band(task, N * P, S * W * C)
    for row in range(first, last):
        n, p = row // P, row % P
        h, i0, i1 = clipped(p, K, S, top, H)
        fill(like(0.0, y), y_, row * Q * C, Q * C)
        q = 0
        while q < Q:
            w, j0, j1 = clipped(q, L, R, left, W)
            count = run(q, Q, L, R, left, W)
            share = like(1.0 / ((i1 - i0) * (j1 - j0)), y)
            out = (y_, (row * Q + q) * C, C)
            for i in range(i0, i1):
                cell = ((n * H + h + i) * W + w) * C
                j = j0
                while j + 2 <= j1:
                    _gather_two(count, C, share, (x_, cell + j * C, R * C), out)
                    j += 2
                if j < j1:
                    _add(count, C, share, (x_, cell + j * C, R * C), out)
            q += count


def _backward_tasks(dy, size, strides, padding, dx):
    N, H, W, C = dx.shape
    return bands(N * H, W * C)


def _backward_work(dy, size, strides, padding, dx):
    N, H, W, C = dx.shape
    cells = dy.shape[1] * dy.shape[2] * size[0] * size[1]
    return band_work(N * H, W * C, cells / H, C)


@kernel(tasks=_backward_tasks, work=_backward_work)
def backward(task, dy, size, strides, padding, dx):
    N, H, W, C = dx.shape
    _, P, Q, _ = dy.shape
    (K, L), (S, R), (top, left) = size, strides, padding
    dy_, dx_ = flat(dy), flat(dx)
    first, last = band(task, N * H, W * C)
    for row in range(first, last):
        n, h = row // H, row % H
        fill(like(0.0, dx), dx_, row * W * C, W * C)
        p0, p1 = holding(h, P, K, S, top)
        for p in range(p0, p1):
            _, i0, i1 = clipped(p, K, S, top, H)
            q = 0
            while q < Q:
                w, j0, j1 = clipped(q, L, R, left, W)
                count = run(q, Q, L, R, left, W)
                share = like(1.0 / ((i1 - i0) * (j1 - j0)), dx)
                source = (dy_, ((n * P + p) * Q + q) * C, C)
                cell = (row * W + w) * C
                j = j0
                while j + 2 <= j1:
                    _spread_two(count, C, share, source, (dx_, cell + j * C, R * C))
                    j += 2
                if j < j1:
                    _add(count, C, share, source, (dx_, cell + j * C, R * C))
                q += count


@apart
def _add(count, C, share, source, target):
    """F1 or B1 for one cell of `count` windows: target += share source."""
    a, ao, astep = source
    b, bo, bstep = target
    for window in range(count):
        u, v = np.uint64(ao + window * astep), np.uint64(bo + window * bstep)
        for c in range(np.uint64(C)):
            b[v + c] += share * a[u + c]


@apart
def _gather_two(count, C, share, x_, y_):
    """F1 for two neighbouring cells of `count` windows."""
    x, xo, step = x_
    y, yo, _ = y_
    for window in range(count):
        a, o = np.uint64(xo + window * step), np.uint64(yo + window * C)
        b = a + np.uint64(C)
        for c in range(np.uint64(C)):
            y[o + c] += share * (x[a + c] + x[b + c])


@apart
def _spread_two(count, C, share, dy_, dx_):
    """B1 for two neighbouring cells of `count` windows."""
    dy, yo, _ = dy_
    dx, xo, step = dx_
    for window in range(count):
        a, o = np.uint64(xo + window * step), np.uint64(yo + window * C)
        b = a + np.uint64(C)
        for c in range(np.uint64(C)):
            g = share * dy[o + c]
            dx[a + c] += g
            dx[b + c] += g
