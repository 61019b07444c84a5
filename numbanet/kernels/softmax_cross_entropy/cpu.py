"""numbanet.kernels.softmax_cross_entropy in blocks of rows: a task owns its rows.

The loop over a row shorter than a few vectors is mostly its scalar remainder, and exp in scalars takes 3 ns. So the
exponents of narrow rows are gathered first, and exp runs over many rows at once: 32 rows of 10 take 0.5 us, not 0.75.
"""

import math

import numpy as np
from numba.extending import overload

from .._jit import EXACT, inline, like
from .._kernel import kernel
from .._math import exp
from .._tile import flat, stack

ELEMENTS = 16384  # of a task: 5 to 15 us in float32 on one core
NARROW = 32  # classes: with 24, 0.9 ns an element, row by row 1.9; with 64, 0.9 and 0.8 (November 2026, Xeon)
SCRATCH = 512  # exponents of narrow rows, 2 KB of the L1 cache in float32
LANES = 16  # maxima of a wide row kept side by side: a vector of float32


def _blocks(R, C):
    return -(-R // max(1, ELEMENTS // C))


@inline
def _largest(x, start, C):
    """The maximum of a row, in lanes: LLVM does not vectorise one maximum where NaN may be."""
    lane = stack(LANES, x)
    for j in range(LANES):
        lane[j] = x[np.uint64(start)]
    whole = C // LANES * LANES
    for c in range(0, whole, LANES):
        for j in range(LANES):
            xc = x[np.uint64(start + c + j)]
            lane[j] = xc if xc > lane[j] else lane[j]
    m = lane[0]
    for j in range(1, LANES):
        m = lane[j] if lane[j] > m else m
    for c in range(whole, C):
        xc = x[np.uint64(start + c)]
        m = xc if xc > m else m
    return m


@inline
def _sum_narrow(z, first, last, m, S):
    # F1
    C = z.shape[1]
    x, e = flat(z), stack(SCRATCH, z)
    few = SCRATCH // C
    for start in range(first, last, few):
        rows = min(few, last - start)
        for r in range(rows):
            row = (start + r) * C
            largest = x[np.uint64(row)]
            for c in range(C):
                xc = x[np.uint64(row + c)]
                largest = xc if xc > largest else largest
            m[start + r] = largest
            for c in range(C):
                e[np.uint64(r * C + c)] = x[np.uint64(row + c)] - largest
        for i in range(rows * C):
            e[np.uint64(i)] = exp(e[np.uint64(i)])
        for r in range(rows):
            total = like(0.0, z)
            for c in range(C):
                total += e[np.uint64(r * C + c)]
            S[start + r] = total


@inline
def _sum_wide(z, first, last, m, S):
    # F1
    C = z.shape[1]
    x = flat(z)
    for r in range(first, last):
        largest = _largest(x, r * C, C)
        total = like(0.0, z)
        for c in range(C):
            total += exp(x[np.uint64(r * C + c)] - largest)
        m[r], S[r] = largest, total


@inline
def _sum_exponentials(z, first, last, m, S):
    if z.shape[1] <= NARROW:
        _sum_narrow(z, first, last, m, S)
    else:
        _sum_wide(z, first, last, m, S)


@inline
def _softmax_narrow(z, first, last, logsumexp, dz):
    # B1: its exponentials
    C = z.shape[1]
    for r in range(first, last):
        for c in range(C):
            dz[r, c] = z[r, c] - logsumexp[r]
    e = flat(dz)
    for i in range(first * C, last * C):
        e[np.uint64(i)] = exp(e[np.uint64(i)])


def _surprise(m, log_S, z):
    """F3: logsumexp - z, in the order that keeps log S where m is large: 1000 + log 2 has 4 of its digits."""
    return log_S + (m - z)


@overload(_surprise, jit_options=EXACT)
def _surprise_exact(m, log_S, z):
    return lambda m, log_S, z: log_S + (m - z)


@kernel(tasks=lambda z, t, weights, smoothing, logsumexp, losses: _blocks(*z.shape))
def forward(task, z, t, weights, smoothing, logsumexp, losses):
    R, C = z.shape
    rows = max(1, ELEMENTS // C)
    first, last = task * rows, min(R, task * rows + rows)
    kept, added = like(1.0 - smoothing, z), like(smoothing / C, z)
    m, S = logsumexp, losses
    _sum_exponentials(z, first, last, m, S)
    for r in range(first, last):
        # F3
        largest, log_S = m[r], math.log(S[r])
        total = like(0.0, z)
        for c in range(C):
            total += (t[r, c] * kept + added) * _surprise(largest, log_S, z[r, c])
        losses[r] = weights[r] * total
        # F2
        logsumexp[r] = largest + log_S


@kernel(tasks=lambda z, t, weights, smoothing, logsumexp, dz: _blocks(*z.shape))
def backward(task, z, t, weights, smoothing, logsumexp, dz):
    R, C = z.shape
    rows = max(1, ELEMENTS // C)
    first, last = task * rows, min(R, task * rows + rows)
    share, kept, added = like(1.0 / R, z), like(1.0 - smoothing, z), like(smoothing / C, z)
    narrow = C <= NARROW
    if narrow:
        _softmax_narrow(z, first, last, logsumexp, dz)
    for r in range(first, last):
        # B1: s is added to sum(t) once, where C parts of it would be lost in the rounding
        total = like(0.0, z)
        for k in range(C):
            total += t[r, k]
        total = total * kept + like(smoothing, z)
        scale = weights[r] * share
        for c in range(C):
            q = dz[r, c] if narrow else exp(z[r, c] - logsumexp[r])
            dz[r, c] = scale * (q * total - (t[r, c] * kept + added))


@kernel(tasks=lambda z, labels, weights, logsumexp, losses: _blocks(*z.shape))
def forward_sparse(task, z, labels, weights, logsumexp, losses):
    R, C = z.shape
    rows = max(1, ELEMENTS // C)
    first, last = task * rows, min(R, task * rows + rows)
    m, S = logsumexp, losses
    _sum_exponentials(z, first, last, m, S)
    for r in range(first, last):
        # F3
        largest, log_S = m[r], math.log(S[r])
        losses[r] = weights[r] * _surprise(largest, log_S, z[r, labels[r]])
        # F2
        logsumexp[r] = largest + log_S


@kernel(tasks=lambda z, labels, weights, logsumexp, dz: _blocks(*z.shape))
def backward_sparse(task, z, labels, weights, logsumexp, dz):
    R, C = z.shape
    rows = max(1, ELEMENTS // C)
    first, last = task * rows, min(R, task * rows + rows)
    share = like(1.0 / R, z)
    narrow = C <= NARROW
    if narrow:
        _softmax_narrow(z, first, last, logsumexp, dz)
    for r in range(first, last):
        # B1
        scale = weights[r] * share
        for c in range(C):
            q = dz[r, c] if narrow else exp(z[r, c] - logsumexp[r])
            dz[r, c] = scale * q
        dz[r, labels[r]] -= scale
