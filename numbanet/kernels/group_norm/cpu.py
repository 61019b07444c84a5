"""numbanet.kernels.group_norm in lanes (_lanes): a task owns a sample, whose channels' sums become those of groups."""

import math

import numpy as np

from .._jit import inline, like
from .._kernel import kernel
from .._lanes import WIDE, clear_lanes, fold, repeat, rows_side_by_side
from .._tile import flat, stack

RATE = 2000.0  # elements in a microsecond on one core, roughly


def _samples(*arguments):
    return len(arguments[-1])


def _work(x):
    return x.shape[1] * x.shape[2] / RATE


@inline
def _groups(c0, w, D):
    """The groups that have channels in a strip."""
    return range(c0 // D, (c0 + w - 1) // D + 1)


@inline
def _channels(g, c0, w, D):
    """The channels of a strip that are in group g."""
    return range(np.uint64(max(0, g * D - c0)), np.uint64(min(w, g * D + D - c0)))


@kernel(tasks=_samples, work=lambda x, *others: _work(x))
def forward(task, x, gamma, beta, epsilon, mean, inverse, y):
    T, C = x.shape[1], x.shape[2]
    G = mean.shape[1]
    D, k, first = C // G, rows_side_by_side(T, C), task * T * C
    source, target = flat(x), flat(y)
    share, e, one = like(1.0 / (T * D), x), like(epsilon, x), like(1.0, x)
    centre, scale, total = stack(WIDE, x), stack(WIDE, x), stack(WIDE, x)
    # F1, from the group's first number on: what is added up is of the size of the deviations, and rounds as they do
    for g in range(G):
        mean[task, g] = inverse[task, g] = like(0.0, x)
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        for g in _groups(c0, w, D):
            for c in _channels(g, c0, w, D):
                centre[c] = source[np.uint64(first + g * D)]
        repeat(k, w, centre)
        clear_lanes(k * w, total)
        for t in range(0, T, k):
            start = np.uint64(first + t * C + c0)
            for i in range(np.uint64(min(k, T - t) * w)):
                total[i] += source[start + i] - centre[i]
        fold(k, w, total)
        for g in _groups(c0, w, D):
            for c in _channels(g, c0, w, D):
                mean[task, g] += total[c]
    for g in range(G):
        mean[task, g] = source[np.uint64(first + g * D)] + mean[task, g] * share
    # F2
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        for g in _groups(c0, w, D):
            for c in _channels(g, c0, w, D):
                centre[c] = mean[task, g]
        repeat(k, w, centre)
        clear_lanes(k * w, total)
        for t in range(0, T, k):
            start = np.uint64(first + t * C + c0)
            for i in range(np.uint64(min(k, T - t) * w)):
                deviation = source[start + i] - centre[i]
                total[i] += deviation * deviation
        fold(k, w, total)
        for g in _groups(c0, w, D):
            for c in _channels(g, c0, w, D):
                inverse[task, g] += total[c]
    for g in range(G):
        inverse[task, g] = one / math.sqrt(inverse[task, g] * share + e)
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        for g in _groups(c0, w, D):
            for c in _channels(g, c0, w, D):
                centre[c], scale[c] = mean[task, g], inverse[task, g] * gamma[np.uint64(c0) + c]
                total[c] = beta[np.uint64(c0) + c]
        repeat(k, w, centre)
        repeat(k, w, scale)
        repeat(k, w, total)
        for t in range(0, T, k):
            start = np.uint64(first + t * C + c0)
            for i in range(np.uint64(min(k, T - t) * w)):
                # F3, F4
                target[start + i] = (source[start + i] - centre[i]) * scale[i] + total[i]


@kernel(tasks=_samples, work=lambda dy, *others: _work(dy))
def backward_samples(task, dy, x, mean, inverse, dgammas, dbetas):
    T, C = x.shape[1], x.shape[2]
    D, k, first = C // mean.shape[1], rows_side_by_side(T, C), task * T * C
    gradient, source = flat(dy), flat(x)
    centre, sums, products = stack(WIDE, x), stack(WIDE, x), stack(WIDE, x)
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        for g in _groups(c0, w, D):
            for c in _channels(g, c0, w, D):
                centre[c] = mean[task, g]
        repeat(k, w, centre)
        clear_lanes(k * w, sums)
        clear_lanes(k * w, products)
        for t in range(0, T, k):
            start = np.uint64(first + t * C + c0)
            for i in range(np.uint64(min(k, T - t) * w)):
                sums[i] += gradient[start + i]
                products[i] += gradient[start + i] * (source[start + i] - centre[i])
        fold(k, w, sums)
        fold(k, w, products)
        for g in _groups(c0, w, D):
            for c in _channels(g, c0, w, D):
                # B1, B2
                dgammas[task, np.uint64(c0) + c] = products[c] * inverse[task, g]
                dbetas[task, np.uint64(c0) + c] = sums[c]


@kernel(tasks=_samples, work=lambda dy, *others: _work(dy))
def backward_input(task, dy, x, gamma, mean, inverse, dgammas, dbetas, dx):
    T, C = x.shape[1], x.shape[2]
    D, k, first = C // mean.shape[1], rows_side_by_side(T, C), task * T * C
    gradient, source, target, share = flat(dy), flat(x), flat(dx), like(1.0 / (T * D), x)
    centre, scale, slope, shift = stack(WIDE, x), stack(WIDE, x), stack(WIDE, x), stack(WIDE, x)
    for c0 in range(0, C, WIDE):
        w = min(WIDE, C - c0)
        for g in _groups(c0, w, D):
            a, b = like(0.0, x), like(0.0, x)
            for c in range(g * D, g * D + D):
                a += gamma[c] * dbetas[task, c]
                b += gamma[c] * dgammas[task, c]
            m, s = mean[task, g], inverse[task, g]
            for c in _channels(g, c0, w, D):
                centre[c], scale[c], slope[c], shift[c] = (
                    m,
                    s * gamma[np.uint64(c0) + c],
                    s * s * b * share,
                    s * a * share,
                )
        repeat(k, w, centre)
        repeat(k, w, scale)
        repeat(k, w, slope)
        repeat(k, w, shift)
        for t in range(0, T, k):
            start = np.uint64(first + t * C + c0)
            for i in range(np.uint64(min(k, T - t) * w)):
                # B3
                centred = source[start + i] - centre[i]
                target[start + i] = gradient[start + i] * scale[i] - centred * slope[i] - shift[i]
