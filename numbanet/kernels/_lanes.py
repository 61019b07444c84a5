"""Column-wise kernels: sums over the rows of a matrix for each of its C channels.

A channel is often narrower than a vector, so several rows are seen as one: k rows of C are k * C lanes side by side,
of which lane i belongs to channel i % C. Coefficients of channels are repeated over the lanes, and sums of lanes are
folded into channels at the end. More than WIDE channels are taken in strips of WIDE, with k = 1.

Rows are cut into parts, which do not depend on threads: a task owns a part and writes its sums to a row of an array
(P, C), and another kernel combines the P rows in order.
"""

from __future__ import annotations

import numpy as np

from ._jit import inline, like

WIDE = 512  # lanes: a few arrays of that length stay in the L1 cache, and the loop over them is long enough
PARTS = 128  # at most; those of the largest batches leave the L2 cache, and combining them must stay cheap
ELEMENTS = 16384  # of a part, at least: 3 to 10 us in float32 on one core


def parts(R: int, C: int) -> int:
    """The number of parts for R rows of C channels: each has ceil(R / parts) rows, but the last, and none is empty."""
    rows = max(1, -(-R // PARTS), ELEMENTS // C)
    return -(-R // rows)


@inline
def part(p, R, P):
    """The rows of a part: the first, and the one past the last."""
    rows = (R + P - 1) // P
    return min(R, p * rows), min(R, p * rows + rows)


@inline
def rows_side_by_side(R, C):
    """The number k of rows that are seen as one, of R rows."""
    return max(1, min(R, WIDE // C))


@inline
def clear_lanes(count, a):
    """The first `count` lanes are 0."""
    for i in range(np.uint64(count)):
        a[i] = like(0.0, a)


@inline
def repeat(k, w, a):
    """Copy the first w lanes to the k - 1 groups of w beside them."""
    have = 1
    while have < k:
        more = min(have, k - have)
        start = np.uint64(have * w)
        for i in range(np.uint64(more * w)):
            a[start + i] = a[i]
        have += more


@inline
def fold(k, w, a):
    """Add k groups of w lanes up in the first: in halves, so that the additions do not wait for one another."""
    while k > 1:
        half = k // 2
        start = np.uint64((k - half) * w)
        for i in range(np.uint64(half * w)):
            a[i] += a[start + i]
        k -= half
