"""numbanet.kernels.batch_norm in lanes (_lanes): bound by memory, so each kernel reads its arrays once."""

import math

import numpy as np

from .._jit import inline, like
from .._kernel import kernel
from .._lanes import ELEMENTS, WIDE, clear_lanes, fold, part, repeat, rows_side_by_side
from .._tile import flat, stack

RATE = 4000.0  # elements in a microsecond on one core, roughly


def _part_work(x, parts):
    return x.size / len(parts) / RATE


def _blocks(R, C):
    return -(-R // max(1, ELEMENTS // C))


@inline
def _block(task, R, C):
    """The rows of a task: the first, and the one past the last."""
    rows = max(1, ELEMENTS // C)
    return task * rows, min(R, task * rows + rows)


@kernel(tasks=lambda x, means, squares: len(means), work=lambda x, means, squares: _part_work(x, means))
def partial_statistics(task, x, means, squares):
    R, C = x.shape
    first, last = part(task, R, means.shape[0])
    n, k = last - first, rows_side_by_side(last - first, C)
    source, centre, total = flat(x), stack(WIDE, x), stack(WIDE, x)
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        # F1
        for c in range(w):
            centre[c] = source[np.uint64(c0 + c)]
        repeat(k, w, centre)
        clear_lanes(k * w, total)
        for r in range(first, last, k):
            start = np.uint64(r * C + c0)
            for i in range(np.uint64(min(k, last - r) * w)):
                total[i] += source[start + i] - centre[i]
        fold(k, w, total)
        share = like(1.0 / max(1, n), x)
        for c in range(w):
            means[task, c0 + c] = total[c] * share
            centre[c] += total[c] * share
        repeat(k, w, centre)
        # F2: the part is in the cache by now
        clear_lanes(k * w, total)
        for r in range(first, last, k):
            start = np.uint64(r * C + c0)
            for i in range(np.uint64(min(k, last - r) * w)):
                deviation = source[start + i] - centre[i]
                total[i] += deviation * deviation
        fold(k, w, total)
        for c in range(w):
            squares[task, c0 + c] = total[c]


@kernel()
def statistics(x, means, squares, momentum, mean, variance, moving_mean, moving_variance):
    R, C = x.shape
    P, row = means.shape[0], np.uint64(C)
    source, part_means, part_squares = flat(x), flat(means), flat(squares)
    share = like(1.0 / R, mean)
    kept, new = like(momentum, mean), like(1.0 - momentum, mean)
    for c in range(row):
        mean[c] = variance[c] = like(0.0, mean)
    # F3, as yet without x[0, c]
    for p in range(P):
        first, last = part(p, R, P)
        n, start = like(last - first, mean), np.uint64(p) * row
        for c in range(row):
            mean[c] += n * part_means[start + c]
    for c in range(row):
        mean[c] *= share
    # F4
    for p in range(P):
        first, last = part(p, R, P)
        n, start = like(last - first, mean), np.uint64(p) * row
        for c in range(row):
            difference = part_means[start + c] - mean[c]
            variance[c] += part_squares[start + c] + n * difference * difference
    for c in range(row):
        mean[c] += source[c]
        variance[c] *= share
        # F5, F6
        moving_mean[c] = kept * moving_mean[c] + new * mean[c]
        moving_variance[c] = kept * moving_variance[c] + new * variance[c]


@kernel(tasks=lambda *arguments: _blocks(*arguments[-1].shape), work=lambda *arguments: ELEMENTS / RATE)
def forward(task, x, mean, variance, gamma, beta, epsilon, y):
    R, C = x.shape
    first, last = _block(task, R, C)
    k, e = rows_side_by_side(last - first, C), like(epsilon, x)
    source, target = flat(x), flat(y)
    centre, scale, shift = stack(WIDE, x), stack(WIDE, x), stack(WIDE, x)
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        for c in range(w):
            centre[c], shift[c] = mean[c0 + c], beta[c0 + c]
            scale[c] = gamma[c0 + c] / math.sqrt(variance[c0 + c] + e)
        repeat(k, w, centre)
        repeat(k, w, scale)
        repeat(k, w, shift)
        for r in range(first, last, k):
            start = np.uint64(r * C + c0)
            for i in range(np.uint64(min(k, last - r) * w)):
                # F7, F8
                target[start + i] = (source[start + i] - centre[i]) * scale[i] + shift[i]


@kernel(
    tasks=lambda dy, x, mean, variance, epsilon, dgammas, dbetas: len(dbetas),
    work=lambda dy, x, mean, variance, epsilon, dgammas, dbetas: 2 * _part_work(x, dbetas),
)
def backward_parts(task, dy, x, mean, variance, epsilon, dgammas, dbetas):
    R, C = x.shape
    first, last = part(task, R, dbetas.shape[0])
    k, e = rows_side_by_side(last - first, C), like(epsilon, x)
    gradient, source = flat(dy), flat(x)
    centre, sums, products = stack(WIDE, x), stack(WIDE, x), stack(WIDE, x)
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        for c in range(w):
            centre[c] = mean[c0 + c]
        repeat(k, w, centre)
        clear_lanes(k * w, sums)
        clear_lanes(k * w, products)
        for r in range(first, last, k):
            start = np.uint64(r * C + c0)
            for i in range(np.uint64(min(k, last - r) * w)):
                sums[i] += gradient[start + i]
                products[i] += gradient[start + i] * (source[start + i] - centre[i])
        fold(k, w, sums)
        fold(k, w, products)
        for c in range(w):
            # B1, B2
            dbetas[task, c0 + c] = sums[c]
            dgammas[task, c0 + c] = products[c] / math.sqrt(variance[c0 + c] + e)


@kernel(tasks=lambda *arguments: _blocks(*arguments[-1].shape), work=lambda *arguments: 2 * ELEMENTS / RATE)
def backward_input(task, dy, x, mean, variance, gamma, epsilon, dgamma, dbeta, dx):
    R, C = x.shape
    first, last = _block(task, R, C)
    k, e, share = rows_side_by_side(last - first, C), like(epsilon, x), like(1.0 / R, x)
    gradient, source, target = flat(dy), flat(x), flat(dx)
    centre, scale, slope, shift = stack(WIDE, x), stack(WIDE, x), stack(WIDE, x), stack(WIDE, x)
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        for c in range(w):
            s = math.sqrt(variance[c0 + c] + e)
            centre[c], scale[c] = mean[c0 + c], gamma[c0 + c] / s
            slope[c], shift[c] = dgamma[c0 + c] * share / s, dbeta[c0 + c] * share
        repeat(k, w, centre)
        repeat(k, w, scale)
        repeat(k, w, slope)
        repeat(k, w, shift)
        for r in range(first, last, k):
            start = np.uint64(r * C + c0)
            for i in range(np.uint64(min(k, last - r) * w)):
                # B3
                centred = source[start + i] - centre[i]
                target[start + i] = (gradient[start + i] - shift[i] - centred * slope[i]) * scale[i]


@kernel(tasks=lambda *arguments: _blocks(*arguments[-1].shape), work=lambda *arguments: ELEMENTS / RATE)
def backward_input_of_inference(task, dy, variance, gamma, epsilon, dx):
    R, C = dy.shape
    first, last = _block(task, R, C)
    k, e = rows_side_by_side(last - first, C), like(epsilon, dy)
    gradient, target, scale = flat(dy), flat(dx), stack(WIDE, dy)
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        for c in range(w):
            scale[c] = gamma[c0 + c] / math.sqrt(variance[c0 + c] + e)
        repeat(k, w, scale)
        for r in range(first, last, k):
            start = np.uint64(r * C + c0)
            for i in range(np.uint64(min(k, last - r) * w)):
                # B4
                target[start + i] = gradient[start + i] * scale[i]
