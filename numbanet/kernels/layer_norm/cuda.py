"""numbanet.kernels.layer_norm: neighbouring threads share a row, and a block has one wide row or several narrow ones.

A thread keeps what it reads of a row that is not very wide. The parameters' gradients are sums over columns.
"""

import math

from numba import cuda

from .._cuda import ceil_div, device, like, load, store
from .._cuda_kernel import THREADS, kernel
from .._cuda_windows import (
    PAIRS,
    ROUND,
    choose,
    column_sums,
    column_threads,
    columns,
    lanes_of,
    minus,
    plus,
    put,
    quad,
    row_place,
    row_sum,
    row_sums,
    rows_of,
    strips,
    take,
    times,
    total_of,
    whole_row_blocks,
)

ROW_PAIRS = 2 * THREADS


@device
def _kept(a, row, c, C, lanes):
    """The quad of a row from channel c on; beyond the end, where it is to be ignored, the last one."""
    return take(a, row + min(c, C - lanes), lanes)


@device
def _forward(lanes, x, gamma, beta, epsilon, mean, inverse, y, shared):
    R, C = x.shape
    r, place, width = row_place(lanes, C)
    row, share, step = min(r, R - 1) * C, like(1.0, x) / like(C, x), width * lanes
    a = place * lanes
    b, others = a + step, a + 2 * step
    # F1, less the row's first value: so the mean has the precision of deviations
    first, zero = quad(load(x, row)), quad(like(0.0, x))
    u, v = minus(_kept(x, row, a, C, lanes), first), minus(_kept(x, row, b, C, lanes), first)
    total = plus(choose(a < C, u, zero), choose(b < C, v, zero))
    c = others
    while c < C:
        total = plus(total, minus(take(x, row + c, lanes), first))
        c += step
    offset = quad(row_sum(total_of(total, lanes), shared, width) * share)
    # F2
    u, v = minus(u, offset), minus(v, offset)
    total = plus(choose(a < C, times(u, u), zero), choose(b < C, times(v, v), zero))
    c = others
    while c < C:
        deviation = minus(minus(take(x, row + c, lanes), first), offset)
        total = plus(total, times(deviation, deviation))
        c += step
    variance = row_sum(total_of(total, lanes), shared, width) * share
    scale = quad(like(1.0, x) / math.sqrt(variance + like(epsilon, x)))
    if r < R:
        if place == 0:
            store(mean, r, first[0] + offset[0])
            store(inverse, r, scale[0])
        # F3, F4
        if a < C:
            put(y, row + a, plus(times(take(gamma, a, lanes), times(u, scale)), take(beta, a, lanes)), lanes)
        if b < C:
            put(y, row + b, plus(times(take(gamma, b, lanes), times(v, scale)), take(beta, b, lanes)), lanes)
        c = others
        while c < C:
            z = times(minus(minus(take(x, row + c, lanes), first), offset), scale)
            put(y, row + c, plus(times(take(gamma, c, lanes), z), take(beta, c, lanes)), lanes)
            c += step


@kernel(grid=lambda x, gamma, beta, epsilon, mean, inverse, y: whole_row_blocks(*x.shape, lanes_of(x.shape[1])))
def forward(x, gamma, beta, epsilon, mean, inverse, y):
    shared = cuda.shared.array(THREADS, x.dtype)
    if x.shape[1] % 4 == 0:
        _forward(4, x, gamma, beta, epsilon, mean, inverse, y, shared)
    else:
        _forward(1, x, gamma, beta, epsilon, mean, inverse, y, shared)


@device
def _both(dy, x, gamma, centre, scale, row, c, lanes):
    """The quads of z and dz."""
    z = times(minus(take(x, row + c, lanes), centre), scale)
    return z, times(take(gamma, c, lanes), take(dy, row + c, lanes))


@device
def _backward_input(lanes, dy, x, gamma, mean, inverse, dx, shared):
    R, C = x.shape
    r, place, width = row_place(lanes, C)
    at, step = min(r, R - 1), width * lanes
    row, share, zero = at * C, like(1.0, x) / like(C, x), quad(like(0.0, x))
    centre, scale = quad(load(mean, at)), quad(load(inverse, at))
    a = place * lanes
    b, others = a + step, a + 2 * step
    # B1
    za, dza = _both(dy, x, gamma, centre, scale, row, min(a, C - lanes), lanes)
    zb, dzb = _both(dy, x, gamma, centre, scale, row, min(b, C - lanes), lanes)
    total = plus(choose(a < C, dza, zero), choose(b < C, dzb, zero))
    total_z = plus(choose(a < C, times(dza, za), zero), choose(b < C, times(dzb, zb), zero))
    c = others
    while c < C:
        z, dz = _both(dy, x, gamma, centre, scale, row, c, lanes)
        total, total_z = plus(total, dz), plus(total_z, times(dz, z))
        c += step
    one, other = row_sums(total_of(total, lanes), total_of(total_z, lanes), shared, width)
    shift, slope = quad(one * share), quad(other * share)
    if r < R:
        if a < C:
            put(dx, row + a, times(scale, minus(minus(dza, shift), times(za, slope))), lanes)
        if b < C:
            put(dx, row + b, times(scale, minus(minus(dzb, shift), times(zb, slope))), lanes)
        c = others
        while c < C:
            z, dz = _both(dy, x, gamma, centre, scale, row, c, lanes)
            put(dx, row + c, times(scale, minus(minus(dz, shift), times(z, slope))), lanes)
            c += step


@kernel(grid=lambda dy, x, gamma, mean, inverse, dx: whole_row_blocks(*x.shape, lanes_of(x.shape[1])))
def backward_input(dy, x, gamma, mean, inverse, dx):
    shared = cuda.shared.array(ROW_PAIRS, x.dtype)
    if x.shape[1] % 4 == 0:
        _backward_input(4, dy, x, gamma, mean, inverse, dx, shared)
    else:
        _backward_input(1, dy, x, gamma, mean, inverse, dx, shared)


def _part_blocks(dy, x, mean, inverse, dgammas, dbetas):
    return dbetas.shape[0] * strips(x.shape[1])


def _part_threads(dy, x, mean, inverse, dgammas, dbetas):
    return column_threads(ceil_div(x.shape[0], dbetas.shape[0]))


@kernel(grid=_part_blocks, threads=_part_threads)
def backward_parts(dy, x, mean, inverse, dgammas, dbetas):
    shared = cuda.shared.array(PAIRS, x.dtype)
    R, C = x.shape
    p, c, row, rows, width = columns(C)
    first, last = rows_of(p, dbetas.shape[0], R)
    at, zero = min(c, C - 1), like(0.0, x)
    product = total = zero
    r = first + row
    while r < last:
        for k in range(ROUND // 2):  # rows, each with two numbers more
            here = min(r + k * rows, last - 1)
            g = load(dy, here * C + at)
            z = (load(x, here * C + at) - load(mean, here)) * load(inverse, here)
            # B2, B3
            product += g * z if r + k * rows < last else zero
            total += g if r + k * rows < last else zero
        r += ROUND // 2 * rows
    product, total = column_sums(product, total, shared, width)
    if row == 0 and c < C:
        store(dgammas, p * C + c, product)
        store(dbetas, p * C + c, total)
