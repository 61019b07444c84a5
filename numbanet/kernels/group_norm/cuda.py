"""numbanet.kernels.group_norm: blocks go down the columns of a sample, and what they find is combined by groups.

Then a thread has a quad of four positions, and knows its channels' groups.
"""

import math

from numba import cuda

from .._cuda import device, divide, like, load, store
from .._cuda_kernel import THREADS, kernel
from .._cuda_windows import (
    MOST,
    PAIRS,
    channels,
    column_threads,
    minus,
    moments,
    plus,
    products,
    put_rows,
    row_blocks,
    row_place,
    row_sum,
    row_sums,
    rows_apart,
    sample_blocks,
    take,
    take_rows,
    times,
    whole_row_blocks,
)

ROW_PAIRS = 2 * THREADS


@kernel(grid=lambda x, *others: sample_blocks(*x.shape[::2]), threads=lambda x, *others: column_threads(x.shape[1]))
def _channels(x, gamma, beta, epsilon, mean, inverse, y, scratch):
    """Of each channel of a sample: the mean, less the group's first value, and the squared deviations."""
    shared = cuda.shared.array(MOST, x.dtype)
    N, T, C = x.shape
    n, c, row, rows, width = channels(N, C)
    at, D = min(c, C - 1), divide(C, mean.shape[1])[0]
    base = load(x, n * T * C + divide(at, D)[0] * D)
    centre, square = moments(x, C, n * T, n * T + T, (at, row, rows, width), base, shared)
    if row == 0 and c < C:
        store(scratch, n * C + c, centre)
        store(scratch, (N + n) * C + c, square)


def _group_blocks(x, gamma, beta, epsilon, mean, inverse, y):
    return whole_row_blocks(mean.size, x.shape[2] // mean.shape[1], 1)


@kernel(grid=_group_blocks)
def _groups(x, gamma, beta, epsilon, mean, inverse, y, scratch):
    """F1 and F2, as the statistics of parts are those of a batch."""
    shared = cuda.shared.array(THREADS, x.dtype)
    N, T, C = x.shape
    G = mean.shape[1]
    D = divide(C, G)[0]
    r, place, width = row_place(1, D)
    n, g = divide(min(r, N * G - 1), G)
    at, zero, share = n * C + g * D, like(0.0, x), like(1.0, x) / like(D, x)
    total = zero
    c = place
    while c < D:
        total += load(scratch, at + c)
        c += width
    offset = row_sum(total, shared, width) * share
    total = zero
    c = place
    while c < D:
        difference = load(scratch, at + c) - offset
        total += load(scratch, N * C + at + c) / like(T, x) + difference * difference
        c += width
    variance = row_sum(total, shared, width) * share
    if place == 0 and r < N * G:
        store(mean, r, load(x, n * T * C + g * D) + offset)
        store(inverse, r, like(1.0, x) / math.sqrt(variance + like(epsilon, x)))


@device
def _of_groups(a, first, D, c, lanes):
    """The quad of what the groups of channels from c on have, of which the first begins there in a."""
    step = 1 if lanes == 4 else 0
    return (
        load(a, first + divide(c, D)[0]),
        load(a, first + divide(c + step, D)[0]),
        load(a, first + divide(c + 2 * step, D)[0]),
        load(a, first + divide(c + 3 * step, D)[0]),
    )


@device
def _normal(v, centre, scale, factor, shift):
    # F3, F4
    return plus(times(factor, times(minus(v, centre), scale)), shift)


@device
def _forward(lanes, x, gamma, beta, mean, inverse, y):
    N, T, C = x.shape
    n, c, at = rows_apart(lanes, T, C)
    if n < N:
        v = take_rows(x, at, lanes)
        factor, shift = take(gamma, c, lanes), take(beta, c, lanes)
        first, D = n * mean.shape[1], divide(C, mean.shape[1])[0]
        centre, scale = _of_groups(mean, first, D, c, lanes), _of_groups(inverse, first, D, c, lanes)
        put_rows(
            y,
            at,
            (
                _normal(v[0], centre, scale, factor, shift),
                _normal(v[1], centre, scale, factor, shift),
                _normal(v[2], centre, scale, factor, shift),
                _normal(v[3], centre, scale, factor, shift),
            ),
            lanes,
        )


@kernel(
    grid=lambda x, gamma, beta, epsilon, mean, inverse, y: row_blocks(*x.shape),
    scratch=lambda x, gamma, beta, epsilon, mean, inverse, y: 2 * x.shape[0] * x.shape[2],
    before=(_channels, _groups),
)
def forward(x, gamma, beta, epsilon, mean, inverse, y, scratch):
    if x.shape[2] % 4 == 0:
        _forward(4, x, gamma, beta, mean, inverse, y)
    else:
        _forward(1, x, gamma, beta, mean, inverse, y)


@kernel(grid=lambda dy, *others: sample_blocks(*dy.shape[::2]), threads=lambda dy, *others: column_threads(dy.shape[1]))
def backward_samples(dy, x, mean, inverse, dgammas, dbetas):
    shared = cuda.shared.array(PAIRS, x.dtype)
    N, T, C = x.shape
    G = mean.shape[1]
    n, c, row, rows, width = channels(N, C)
    at = min(c, C - 1)
    group = n * G + divide(at, divide(C, G)[0])[0]
    # B1, B2
    product, total = products(dy, x, C, n * T, n * T + T, (at, row, rows, width), load(mean, group), shared)
    if row == 0 and c < C:
        store(dgammas, n * C + c, product * load(inverse, group))
        store(dbetas, n * C + c, total)


def _sum_blocks(dy, x, gamma, mean, inverse, dgammas, dbetas, dx):
    return whole_row_blocks(mean.size, x.shape[2] // mean.shape[1], 1)


@kernel(grid=_sum_blocks)
def _sums(dy, x, gamma, mean, inverse, dgammas, dbetas, dx, scratch):
    """B3: a and b, divided by T D."""
    shared = cuda.shared.array(ROW_PAIRS, x.dtype)
    N, T, C = x.shape
    G = mean.shape[1]
    D = divide(C, G)[0]
    r, place, width = row_place(1, D)
    n, g = divide(min(r, N * G - 1), G)
    a = b = like(0.0, x)
    k = place
    while k < D:
        c = g * D + k
        a += load(gamma, c) * load(dbetas, n * C + c)
        b += load(gamma, c) * load(dgammas, n * C + c)
        k += width
    a, b = row_sums(a, b, shared, width)
    if place == 0 and r < N * G:
        share = like(1.0, x) / like(T * D, x)
        store(scratch, r, a * share)
        store(scratch, N * G + r, b * share)


@device
def _through(g, v, factor, centre, scale, a, b):
    # B3
    z = times(minus(v, centre), scale)
    return times(scale, minus(minus(times(factor, g), a), times(z, b)))


@device
def _backward_input(lanes, dy, x, gamma, mean, inverse, sums, dx):
    N, T, C = x.shape
    n, c, at = rows_apart(lanes, T, C)
    if n < N:
        g, v = take_rows(dy, at, lanes), take_rows(x, at, lanes)
        factor, G = take(gamma, c, lanes), mean.shape[1]
        first, D = n * G, divide(C, G)[0]
        centre, scale = _of_groups(mean, first, D, c, lanes), _of_groups(inverse, first, D, c, lanes)
        a, b = _of_groups(sums, first, D, c, lanes), _of_groups(sums, N * G + first, D, c, lanes)
        put_rows(
            dx,
            at,
            (
                _through(g[0], v[0], factor, centre, scale, a, b),
                _through(g[1], v[1], factor, centre, scale, a, b),
                _through(g[2], v[2], factor, centre, scale, a, b),
                _through(g[3], v[3], factor, centre, scale, a, b),
            ),
            lanes,
        )


@kernel(
    grid=lambda dy, x, gamma, mean, inverse, dgammas, dbetas, dx: row_blocks(*x.shape),
    scratch=lambda dy, x, gamma, mean, inverse, dgammas, dbetas, dx: 2 * mean.size,
    before=(_sums,),
)
def backward_input(dy, x, gamma, mean, inverse, dgammas, dbetas, dx, scratch):
    if x.shape[2] % 4 == 0:
        _backward_input(4, dy, x, gamma, mean, inverse, scratch, dx)
    else:
        _backward_input(1, dy, x, gamma, mean, inverse, scratch, dx)
