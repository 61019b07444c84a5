"""Time loops on the register tile: a task owns some samples through all steps, so no step waits for other tasks.

The weights are the same at every step. They are packed once, by a stage before the loop, and then stay in the caches.
A step multiplies the rows of those samples that take part in it: the tile finds rows through tables, so samples that
are left out take no time. Samples are taken in the order of their last step, longest first, so that those of a task
end together. For a single sample the weights are read as they are: each step needs each of them once, whatever is done.
"""

import numpy as np

from ._jit import apart, inline, like
from ._pack import pack
from ._tile import COLUMNS, INDEX, LINE, ONE, SPARE, ZERO, flat, panel_product, row_product, spare, stack, steps

SAMPLES = 16  # of a task, at most
TABLE = SAMPLES + SPARE
LARGE = 192  # units
DEPTH = 256  # rows of a panel that are used at once: 32 KB in float32, in the L1 cache
FLOPS = 120e3  # in a microsecond on one core, roughly


@inline
def samples(N, H):
    """Samples of a task: one tile of rows, for as many threads as may come; two where that takes less time.

    Two use each panel twice, which the L2 cache holds but the L1 does not: 15 % faster for 256 units, not for 128.
    """
    return SAMPLES if N >= 8 * SAMPLES or (N >= SAMPLES and H >= LARGE) else SAMPLES // 2


@inline
def count_tasks(N, H):
    """How many tasks N samples are."""
    return (N + samples(N, H) - 1) // samples(N, H)


@inline
def block_of(task, N, H):
    """Which block of samples a task has: long ones and short ones in turns, so that threads have as much to do."""
    count = count_tasks(N, H)
    return task // 2 if task % 2 == 0 else count - 1 - task // 2


def forward_tasks(x, w, u, *others):
    return count_tasks(len(x), len(u))


def forward_work(x, w, u, *others):
    return 2 * x[..., 0].size * (w.size + u.size) / FLOPS / forward_tasks(x, w, u)


def backward_tasks(dh, u, *others):
    return count_tasks(len(dh), len(u))


def backward_work(dh, u, mask, *others):
    return 2 * mask.size * u.size / FLOPS / backward_tasks(dh, u)


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
def pack_both(panel, w, u, j0, columns, packed, first):
    """Panel number `panel` of w above u: the weights of an input and of a state that lie side by side."""
    j, depth, I = panel * COLUMNS, w.shape[0] + u.shape[0], w.shape[0]
    width, to = min(COLUMNS, columns - j), first + j * depth
    pack(I, width, (flat(w), j0 + j, w.shape[1], ONE), packed, to)
    pack(depth - I, width, (flat(u), j0 + j, u.shape[1], ONE), packed, to + I * COLUMNS)


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


@inline
def pack_tasks(N, columns):
    """Tasks that pack so many columns, after one that orders the samples; a single sample needs no more than that."""
    return 1 if N == 1 else across(columns) + 1


@apart
def pack_forward(task, w, u, mask, packed):
    """The order of the samples, or before it a panel of w above u."""
    O = w.shape[1]
    if task == 0:
        order_samples(mask, packed, packed_size(len(w) + len(u), O))
    else:
        pack_both(task - 1, w, u, ZERO, O, packed, ZERO)


@apart
def pack_backward(task, u, mask, packed):
    """The order of the samples, or before it a panel of u's transpose."""
    H, O = u.shape
    if task == 0:
        order_samples(mask, packed, packed_size(O, H))
    else:
        pack_turned(task - 1, u, ZERO, O, packed, ZERO)


@apart
def choose(block, s, H, mask, order, first, busy, idle):
    """Split the samples of a block into those that step s counts for and the others; how many there are of each."""
    N = mask.shape[0]
    most, rows, rest = samples(N, H), 0, 0
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


@apart
def join(rows, chosen, x, s, h, p, keep, out, first):
    """Input and state of the chosen samples side by side, a row for each: (x[n, s], h[n, p] keep[n])."""
    T, I = x.shape[1:]
    H = h.shape[2]
    inputs, states, kept = flat(x), flat(h), flat(keep)
    for r in range(rows):
        at, n = np.uint64(first + r * (I + H)), chosen[r]
        xi, hi, ki = np.uint64((n * T + s) * I), np.uint64((n * (T + 1) + p) * H), np.uint64(n * H)
        for i in range(np.uint64(I)):
            out[at + i] = inputs[xi + i]
        at += np.uint64(I)
        if keep.size:
            for j in range(np.uint64(H)):
                out[at + j] = states[hi + j] * kept[ki + j]
        else:
            for j in range(np.uint64(H)):
                out[at + j] = states[hi + j]


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
    most = samples(N, H)
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
    most = samples(N, H)
    for r in range(block * most, min(N, block * most + most)):
        blank(H, da, np.int64(order[first + r]) * H)


@apart
def times_keep(rows, H, a, at, keep):
    """a = a keep for the rows of the samples, where keep has elements."""
    for r in range(rows if keep.size else 0):
        first = np.uint64(at[r])
        for j in range(first, first + np.uint64(H)):
            a[j] *= keep[j]


@apart
def multiply(rows, columns, depth, a_, b_, s_, c_):
    """C = S + A B for all columns.

    A and C are an array and its table of rows. b_: the packed B and where it begins. s_: an array, where the row that
    every sum starts from begins, and the step from one column to the next: 1, or 0 for COLUMNS zeros, or -1 for S = C.
    """
    a, a_at = a_
    b, b0 = b_
    s, s0, step = s_
    c, c_at = c_
    a_run, b_run, s_at = stack(1, INDEX), stack(1, INDEX), stack(TABLE, INDEX)
    b_run[0] = 0
    pieces = (depth + DEPTH - 1) // DEPTH
    even = (depth + pieces - 1) // max(pieces, 1)
    for k in range(0, depth, max(even, 1)):
        a_run[0] = k
        for j in range(0, columns, COLUMNS):
            steps(np.int64(TABLE), s0 + j * step - j, ZERO, s_at, ZERO)
            panel = (b, b0 + j * depth + k * COLUMNS, b_run, LINE)
            start = (s, s_at) if k == 0 and step >= 0 else (c, c_at)
            width, deep = min(COLUMNS, columns - j), min(even, depth - k)
            panel_product(ZERO, rows, j, width, ONE, deep, (a, a_at, a_run, ONE), panel, start, (c, c_at))


@apart
def multiply_inputs(x, mask, w, b, c, first):
    """C = b + x w for all steps of a single sample that count, in rows that lie one after another."""
    (T, I), O = x.shape[1:], w.shape[1]
    a, b_, whole = flat(x), flat(w), O // COLUMNS * COLUMNS
    a_at, c_at, s_at = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    a_run, b_run = stack(1, INDEX), stack(1, INDEX)
    a_run[0], b_run[0], rows = 0, 0, 0
    steps(np.int64(TABLE), ZERO, ZERO, s_at, ZERO)
    for s in range(T):
        if mask[0, s] != 0.0:
            a_at[rows], c_at[rows] = s * I, first + s * O
            rows += 1
        if (rows < SAMPLES and s < T - 1) or rows == 0:
            continue
        spare(rows, a_at)
        spare(rows, c_at)
        for j in range(0, whole, COLUMNS):
            panel_product(ZERO, rows, j, LINE, ONE, I, (a, a_at, a_run, ONE), (b_, j, b_run, O), (b, s_at), (c, c_at))
        for r in range(rows if whole < O else 0):
            for j in range(whole, O):
                c[np.uint64(c_at[r] + j)] = b[np.uint64(j)]
            row_product(O - whole, I, (a, a_at[r]), (b_, whole, O), (c, c_at[r] + whole))
        rows = 0
