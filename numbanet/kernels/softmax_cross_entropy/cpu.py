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
from .._rows import largest, row_block, row_blocks
from .._tile import flat, stack

NARROW = 32  # classes: with 24, 0.9 ns an element, row by row 1.9; with 64, 0.9 and 0.8 (November 2026, Xeon)
SCRATCH = 512  # exponents of narrow rows, 2 KB of the L1 cache in float32


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
            top = x[np.uint64(row)]
            for c in range(C):
                xc = x[np.uint64(row + c)]
                top = xc if xc > top else top
            m[start + r] = top
            for c in range(C):
                e[np.uint64(r * C + c)] = x[np.uint64(row + c)] - top
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
        m_r = largest(r * C, C, x)
        total = like(0.0, z)
        for c in range(C):
            total += exp(x[np.uint64(r * C + c)] - m_r)
        m[r], S[r] = m_r, total


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


@kernel(tasks=lambda z, t, weights, smoothing, logsumexp, losses: row_blocks(*z.shape))
def forward(task, z, t, weights, smoothing, logsumexp, losses):
    R, C = z.shape
    first, last = row_block(task, R, C)
    kept, added = like(1.0 - smoothing, z), like(smoothing / C, z)
    m, S = logsumexp, losses
    _sum_exponentials(z, first, last, m, S)
    for r in range(first, last):
        # F3
        top, log_S = m[r], math.log(S[r])
        total = like(0.0, z)
        for c in range(C):
            total += (t[r, c] * kept + added) * _surprise(top, log_S, z[r, c])
        losses[r] = weights[r] * total
        # F2
        logsumexp[r] = top + log_S


@kernel(tasks=lambda z, t, weights, smoothing, logsumexp, dz: row_blocks(*z.shape))
def backward(task, z, t, weights, smoothing, logsumexp, dz):
    R, C = z.shape
    first, last = row_block(task, R, C)
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


@kernel(tasks=lambda z, labels, weights, logsumexp, losses: row_blocks(*z.shape))
def forward_sparse(task, z, labels, weights, logsumexp, losses):
    R, C = z.shape
    first, last = row_block(task, R, C)
    m, S = logsumexp, losses
    _sum_exponentials(z, first, last, m, S)
    for r in range(first, last):
        # F3
        top, log_S = m[r], math.log(S[r])
        losses[r] = weights[r] * _surprise(top, log_S, z[r, labels[r]])
        # F2
        logsumexp[r] = top + log_S


@kernel(tasks=lambda z, labels, weights, logsumexp, dz: row_blocks(*z.shape))
def backward_sparse(task, z, labels, weights, logsumexp, dz):
    R, C = z.shape
    first, last = row_block(task, R, C)
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
