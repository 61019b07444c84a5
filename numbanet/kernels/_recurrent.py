"""Time loops on the register tile: a task owns some samples through all steps, so no step waits for other tasks.

The weights are the same at every step. They are packed once, by a stage before the loop, and then stay in the caches.
A step multiplies the rows of those samples that take part in it: the tile finds rows through tables, so samples that
are left out take no time. Samples are taken in the order of their last step, longest first, so that those of a task
end together.
"""

import numpy as np

from ._jit import apart, inline, like
from ._tile import COLUMNS, INDEX, LINE, ONE, SPARE, ZERO, flat, pack, panel_product, spare, stack, steps

SAMPLES = 16  # of a task, at most
TABLE = SAMPLES + SPARE
DEPTH = 256  # rows of a panel that are used at once: 32 KB in float32, in the L1 cache
KEPT = SAMPLES * DEPTH
FLOPS = 120e3  # in a microsecond on one core, roughly


@inline
def samples(N):
    """Samples of a task: two tiles of rows in large batches, one in others, for as many threads as may come."""
    return SAMPLES if N >= 8 * SAMPLES else SAMPLES // 2


def count_tasks(N):
    """How many tasks N samples are."""
    return -(-N // samples(N))


@inline
def block_of(task, N):
    """Which block of samples a task has: long ones and short ones in turns, so that threads have as much to do."""
    count = (N + samples(N) - 1) // samples(N)
    return task // 2 if task % 2 == 0 else count - 1 - task // 2


@inline
def across(columns):
    """The panels of so many columns."""
    return (columns + COLUMNS - 1) // COLUMNS


@inline
def packed_size(rows, columns):
    """Elements of a packed matrix."""
    return across(columns) * COLUMNS * rows


@inline
def pack_panel(panel, w, j0, columns, packed, first):
    """Panel number `panel` of w's columns from j0 on, to where that packed matrix begins."""
    rows, width = w.shape
    j = panel * COLUMNS
    pack(rows, min(COLUMNS, columns - j), (flat(w), j0 + j, width, ONE), packed, first + j * rows)


@inline
def pack_turned(panel, w, j0, columns, packed, first):
    """Panel number `panel` of the transpose of w's columns from j0 on."""
    j = panel * COLUMNS
    b_ = (flat(w), j * w.shape[1] + j0, ONE, w.shape[1])
    pack(columns, min(COLUMNS, w.shape[0] - j), b_, packed, first + j * columns)


@apart
def order_samples(mask, order, first):
    """Order[first:first + N] = the samples by their last step that counts, the latest first; N elements behind it."""
    N, T = mask.shape
    last = first + N
    for n in range(N):
        t = T
        while t > 0 and mask[n, t - 1] == 0.0:
            t -= 1
        order[last + n] = t
    place = first
    for t in range(T, -1, -1):
        for n in range(N):
            if order[last + n] == t:
                order[place] = n
                place += 1


@apart
def choose(block, s, mask, order, first, busy, idle):
    """Split the samples of a block into those that step s counts for and the others; how many there are of each."""
    N = mask.shape[0]
    most, rows, rest = samples(N), 0, 0
    for r in range(block * most, min(N, block * most + most)):
        n = np.int64(order[first + r])
        if mask[n, s] != 0.0:
            busy[rows] = n
            rows += 1
        else:
            idle[rest] = n
            rest += 1
    return rows, rest


@inline
def places(rows, chosen, size, offset, at):
    """Where the rows of the chosen samples begin, in an array with `size` elements a sample."""
    for r in range(rows):
        at[r] = chosen[r] * size + offset
    if rows > 0:
        spare(rows, at)


@inline
def copy(count, a, first, to):
    """Some elements of an array to another place in it."""
    for j in range(np.uint64(count)):
        a[np.uint64(to) + j] = a[np.uint64(first) + j]


@inline
def blank(count, a, first):
    """a = 0 for some elements."""
    for j in range(np.uint64(count)):
        a[np.uint64(first) + j] = like(0.0, a)


@apart
def add(count, a, first, b, start):
    """A += b for some elements."""
    for j in range(np.uint64(count)):
        a[np.uint64(first) + j] += b[np.uint64(start) + j]


@apart
def add_times(count, a, first, b, start, c, at):
    """A += b c for some elements."""
    for j in range(np.uint64(count)):
        a[np.uint64(first) + j] += b[np.uint64(start) + j] * c[np.uint64(at) + j]


@apart
def add_gradient(block, s, last, H, mask, order, first, dh, da):
    """A += dh for the samples of a block, from dh (N, T, H), or from (N, 1, H) at the last step."""
    N, T = mask.shape
    steps_ = dh.size // (N * H)
    most = samples(N)
    if steps_ == T or last:
        for r in range(block * most, min(N, block * most + most)):
            n = np.int64(order[first + r])
            to, given = np.uint64(n * H), np.uint64((n * steps_ + (s if steps_ == T else 0)) * H)
            for j in range(np.uint64(H)):
                da[to + j] += dh[given + j]


@apart
def clear_states(block, H, mask, order, first, da):
    """A = 0 for the samples of a block."""
    N = mask.shape[0]
    most = samples(N)
    for r in range(block * most, min(N, block * most + most)):
        blank(H, da, np.int64(order[first + r]) * H)


@apart
def multiply(rows, columns, depth, part, a_, b_, s_, c_):
    """C = S + A B for all columns and a part of the depth, which begins with part[0] and ends before part[1].

    A and C are an array and its table of rows. b_: the packed B and where it begins. s_: an array, where the row that
    every sum starts from begins, and the step from one column to the next: 1, or 0 for COLUMNS zeros, or -1 for S = C.
    """
    a, a_at = a_
    b, b0 = b_
    s, s0, step = s_
    c, c_at = c_
    a_run, b_run, s_at = stack(1, INDEX), stack(1, INDEX), stack(TABLE, INDEX)
    b_run[0] = 0
    for k in range(part[0], part[1], DEPTH):
        a_run[0] = k
        for j in range(0, columns, COLUMNS):
            steps(np.int64(TABLE), s0 + j * step - j, ZERO, s_at, ZERO)
            panel = (b, b0 + j * depth + k * COLUMNS, b_run, LINE)
            start = (s, s_at) if k == 0 and step >= 0 else (c, c_at)
            width, deep = min(COLUMNS, columns - j), min(DEPTH, part[1] - k)
            panel_product(ZERO, rows, j, width, ONE, deep, (a, a_at, a_run, ONE), panel, start, (c, c_at))


@apart
def add_product(rows, columns, depth, a_, keep_, b_, c_):
    """C += (A keep) B, where row r of keep begins at keep_at[r]; C += A B where keep has no elements."""
    a, a_at = a_
    keep, keep_at = keep_
    more = (a, ZERO, -ONE)
    if keep.size == 0:
        multiply(rows, columns, depth, (ZERO, depth), a_, b_, more, c_)
        return
    kept, kept_at = stack(KEPT, a), stack(TABLE, INDEX)
    for k in range(0, depth, DEPTH):
        deep = min(DEPTH, depth - k)
        for r in range(rows):
            ai, ki, to = np.uint64(a_at[r] + k), np.uint64(keep_at[r] + k), np.uint64(r * DEPTH)
            for j in range(np.uint64(deep)):
                kept[to + j] = a[ai + j] * keep[ki + j]
            kept_at[r] = r * DEPTH - k
        spare(rows, kept_at)
        multiply(rows, columns, depth, (k, k + deep), (kept, kept_at), b_, more, c_)
