"""numbanet.kernels.batch_norm: a block adds up some columns of a part; elsewhere a thread has a quad of four rows.

The few numbers of its channels a thread works out for itself, while its rows are being loaded.
"""

import math

from numba import cuda

from .._cuda import ceil_div, device, like, load, store
from .._cuda_kernel import kernel
from .._cuda_windows import (
    MOST,
    PAIRS,
    column_sum,
    column_threads,
    columns,
    minus,
    moments,
    plus,
    products,
    put_rows,
    quad,
    row_blocks,
    rows_apart,
    rows_of,
    strips,
    take,
    take_rows,
    times,
)


def _part_threads(x, *others):
    """For the parts that others' last array, (P, C), has room for."""
    return column_threads(ceil_div(x.shape[0], others[-1].shape[0]))


@kernel(grid=lambda x, means, squares: means.shape[0] * strips(x.shape[1]), threads=_part_threads)
def partial_statistics(x, means, squares):
    shared = cuda.shared.array(MOST, x.dtype)
    R, C = x.shape
    p, c, row, rows, width = columns(C)
    first, last = rows_of(p, means.shape[0], R)
    # F1, F2
    at = min(c, C - 1)
    mean, square = moments(x, C, first, last, (at, row, rows, width), load(x, at), shared)
    if row == 0 and c < C:
        store(means, p * C + c, mean)
        store(squares, p * C + c, square)


@device
def _rows(p, P, R, x):
    """n[p]"""
    first, last = rows_of(p, P, R)
    return like(last - first, x)


def _statistics_blocks(x, means, squares, momentum, mean, variance, moving_mean, moving_variance):
    return strips(x.shape[1])


def _rest(x, means, squares, momentum, *others):
    return 1.0 - momentum


def _statistics_threads(x, means, *others):
    return column_threads(len(means), 1)


@kernel(grid=_statistics_blocks, threads=_statistics_threads, numbers={"rest": _rest})
def statistics(x, means, squares, momentum, mean, variance, moving_mean, moving_variance, rest):
    shared = cuda.shared.array(MOST, x.dtype)
    R, C = x.shape
    P, share = means.shape[0], like(1.0, x) / like(R, x)
    _, c, row, rows, width = columns(C)
    at = min(c, C - 1)
    # F3
    total, p = like(0.0, x), row
    while p < P:
        total += _rows(p, P, R, x) * load(means, p * C + at)
        p += rows
    offset = column_sum(total, shared, width) * share
    # F4
    total, p = like(0.0, x), row
    while p < P:
        difference = load(means, p * C + at) - offset
        total += load(squares, p * C + at) + _rows(p, P, R, x) * difference * difference
        p += rows
    found = column_sum(total, shared, width) * share
    if row == 0 and c < C:
        centre = load(x, c) + offset
        mean[c], variance[c] = centre, found
        # F5, F6
        kept, new = like(momentum, x), like(rest, x)
        moving_mean[c] = kept * moving_mean[c] + new * centre
        moving_variance[c] = kept * moving_variance[c] + new * found


@device
def _over_deviation(a, variance, epsilon):
    """The quad a / s"""
    e = like(epsilon, variance[0])
    return (
        a[0] / math.sqrt(variance[0] + e),
        a[1] / math.sqrt(variance[1] + e),
        a[2] / math.sqrt(variance[2] + e),
        a[3] / math.sqrt(variance[3] + e),
    )


@device
def _normal(v, centre, scale, shift):
    # F7, F8
    return plus(times(minus(v, centre), scale), shift)


@device
def _forward(lanes, x, mean, variance, gamma, beta, epsilon, y):
    R, C = x.shape
    n, c, at = rows_apart(lanes, R, C)
    if n == 0:
        v = take_rows(x, at, lanes)
        centre, shift = take(mean, c, lanes), take(beta, c, lanes)
        scale = _over_deviation(take(gamma, c, lanes), take(variance, c, lanes), epsilon)
        put_rows(
            y,
            at,
            (
                _normal(v[0], centre, scale, shift),
                _normal(v[1], centre, scale, shift),
                _normal(v[2], centre, scale, shift),
                _normal(v[3], centre, scale, shift),
            ),
            lanes,
        )


@kernel(grid=lambda x, mean, variance, gamma, beta, epsilon, y: row_blocks(1, *y.shape))
def forward(x, mean, variance, gamma, beta, epsilon, y):
    if x.shape[1] % 4 == 0:
        _forward(4, x, mean, variance, gamma, beta, epsilon, y)
    else:
        _forward(1, x, mean, variance, gamma, beta, epsilon, y)


def _part_blocks(dy, x, mean, variance, epsilon, dgammas, dbetas):
    return dbetas.shape[0] * strips(x.shape[1])


@kernel(grid=_part_blocks, threads=_part_threads)
def backward_parts(dy, x, mean, variance, epsilon, dgammas, dbetas):
    shared = cuda.shared.array(PAIRS, x.dtype)
    R, C = x.shape
    p, c, row, rows, width = columns(C)
    first, last = rows_of(p, dbetas.shape[0], R)
    # B1, B2
    at = min(c, C - 1)
    product, total = products(dy, x, C, first, last, (at, row, rows, width), load(mean, at), shared)
    if row == 0 and c < C:
        store(dgammas, p * C + c, product / math.sqrt(variance[c] + like(epsilon, x)))
        store(dbetas, p * C + c, total)


@device
def _through(g, v, centre, scale, slope, shift):
    # B3
    return times(minus(minus(g, shift), times(minus(v, centre), slope)), scale)


@device
def _backward_input(lanes, dy, x, mean, variance, gamma, epsilon, dgamma, dbeta, dx):
    R, C = x.shape
    n, c, at = rows_apart(lanes, R, C)
    if n == 0:
        g, v = take_rows(dy, at, lanes), take_rows(x, at, lanes)
        centre, found = take(mean, c, lanes), take(variance, c, lanes)
        share = quad(like(1.0, x) / like(R, x))
        scale = _over_deviation(take(gamma, c, lanes), found, epsilon)
        slope = _over_deviation(times(take(dgamma, c, lanes), share), found, epsilon)
        shift = times(take(dbeta, c, lanes), share)
        put_rows(
            dx,
            at,
            (
                _through(g[0], v[0], centre, scale, slope, shift),
                _through(g[1], v[1], centre, scale, slope, shift),
                _through(g[2], v[2], centre, scale, slope, shift),
                _through(g[3], v[3], centre, scale, slope, shift),
            ),
            lanes,
        )


@kernel(grid=lambda dy, x, mean, variance, gamma, epsilon, dgamma, dbeta, dx: row_blocks(1, *dx.shape))
def backward_input(dy, x, mean, variance, gamma, epsilon, dgamma, dbeta, dx):
    if x.shape[1] % 4 == 0:
        _backward_input(4, dy, x, mean, variance, gamma, epsilon, dgamma, dbeta, dx)
    else:
        _backward_input(1, dy, x, mean, variance, gamma, epsilon, dgamma, dbeta, dx)


@device
def _backward_input_of_inference(lanes, dy, variance, gamma, epsilon, dx):
    R, C = dy.shape
    n, c, at = rows_apart(lanes, R, C)
    if n == 0:
        g = take_rows(dy, at, lanes)
        # B4
        scale = _over_deviation(take(gamma, c, lanes), take(variance, c, lanes), epsilon)
        put_rows(dx, at, (times(g[0], scale), times(g[1], scale), times(g[2], scale), times(g[3], scale)), lanes)


@kernel(grid=lambda dy, variance, gamma, epsilon, dx: row_blocks(1, *dx.shape))
def backward_input_of_inference(dy, variance, gamma, epsilon, dx):
    if dy.shape[1] % 4 == 0:
        _backward_input_of_inference(4, dy, variance, gamma, epsilon, dx)
    else:
        _backward_input_of_inference(1, dy, variance, gamma, epsilon, dx)
