"""Windows over rows and columns, as the CPU loops of pooling take them: bands of rows, and runs of like windows.

A window of K cells moves S cells at a time over `extent` cells, and starts `before` cells outside of them. The cells
that lie outside take no part: a window is clipped.
"""

from __future__ import annotations

import numpy as np

from ._jit import apart, inline, like

ELEMENTS = 32768  # of a band's input: 128 KB in float32, 6 to 10 us of a core's share of the memory


def bands(R, elements):
    """The number of tasks for R rows of that many elements."""
    return -(-R // max(1, ELEMENTS // elements))


def band_work(R, elements, cells, C):
    """Microseconds of a band: 3 ns for each cell of a window, and 0.2 for each of its C channels."""
    return min(R, max(1, ELEMENTS // elements)) * cells * (3.0 + 0.2 * C) / 1e3


@inline
def band(task, R, elements):
    """The rows of a task: the first, and the one past the last."""
    rows = max(1, ELEMENTS // elements)
    return task * rows, min(R, task * rows + rows)


@inline
def clipped(o, K, S, before, extent):
    """Where window o starts, and its cells in the input: the first, and the one past the last."""
    start = o * S - before
    return start, max(0, -start), min(K, extent - start)


@inline
def run(o, O, K, S, before, extent):
    """How many windows from o on are clipped alike: all the rest of the whole ones, or one that is clipped."""
    start = o * S - before
    whole = min(O, (extent + before - K) // S + 1)
    return whole - o if start >= 0 and o < whole else 1


@inline
def holding(cell, O, K, S, before):
    """The windows that hold a cell of the input: the first, and the one past the last."""
    return max(0, (cell + before - K) // S + 1), min(O, (cell + before) // S + 1)


@inline
def fill(value, a, first, count):
    """The same value in `count` elements."""
    start = np.uint64(first)
    for i in range(np.uint64(count)):
        a[start + i] = value


@inline
def _exceeds(v, m):
    """v is larger than m, and a NaN larger than all numbers."""
    return (v > m) | ((v != v) & (m == m))


@inline
def _larger(v, m):
    """In two steps that are one instruction each: a branch on the values costs more than the rest of a loop."""
    found = v if v > m else m
    return found if v == v else v


@apart
def largest(count, C, k, beside, x_, y_):
    """Compare cells k and k + beside, 0 or 1, of `count` windows with the largest so far.

    x_: the cells and their distance from window to window. y_: the largest so far and their numbers.
    """
    x, xo, step = x_
    y, argmax, yo = y_
    k1, k2 = like(k, argmax), like(k + beside, argmax)
    for window in range(count):
        a, o = np.uint64(xo + window * step), np.uint64(yo + window * C)
        b = a + np.uint64(beside * C)
        for c in range(np.uint64(C)):
            v1, v2, m, was = x[a + c], x[b + c], y[o + c], argmax[o + c]
            v = _larger(v2, v1)
            found = k2 if _exceeds(v2, v1) else k1
            y[o + c] = _larger(v, m)
            argmax[o + c] = found if _exceeds(v, m) else was
