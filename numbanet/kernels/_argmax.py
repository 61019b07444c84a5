"""The class that a row of scores or of one-hot targets names."""

from __future__ import annotations

from ._jit import inline


@inline
def argmax(p, n):
    """The first maximum of row n of p, or -1 where the row holds a NaN."""
    best = 0
    for c in range(p.shape[1]):
        if p[n, c] != p[n, c]:
            return -1
        if p[n, c] > p[n, best]:
            best = c
    return best
