"""numbanet.kernels.simple_rnn: a task owns some samples through all steps; see _recurrent."""

import numpy as np

from .._gates import activate, times_slope
from .._kernel import kernel
from .._recurrent import (
    FLOPS,
    TABLE,
    across,
    add_gradient,
    add_product,
    blank,
    block_of,
    choose,
    clear_states,
    copy,
    count_tasks,
    multiply,
    order_samples,
    pack_panel,
    pack_turned,
    packed_size,
    places,
)
from .._tile import COLUMNS, INDEX, ONE, ZERO, clear, flat, stack


@kernel(tasks=lambda x, w, *others: across(w.shape[1]) + 1)
def _pack_forward(task, x, w, u, b, mask, keep, setting, h, packed):
    """The panels of w, those of u, and the order of the samples."""
    H = w.shape[1]
    u0 = packed_size(w.shape[0], H)
    if task < across(H):
        pack_panel(task, w, ZERO, H, packed, ZERO)
        pack_panel(task, u, ZERO, H, packed, u0)
    else:
        order_samples(mask, packed, u0 + packed_size(H, H))


@kernel(
    tasks=lambda x, *others: count_tasks(len(x)),
    work=lambda x, w, u, *others: 2 * x[..., 0].size * (w.size + u.size) / FLOPS / count_tasks(len(x)),
    scratch=lambda x, w, u, *others: packed_size(*w.shape) + packed_size(*u.shape) + 2 * len(x),
    before=[_pack_forward],
)
def forward(task, x, w, u, b, mask, keep, setting, h, packed):
    T, I = x.shape[1:]
    H, block = len(u), block_of(task, len(x))
    back, _, tau = setting
    u0, state = packed_size(I, H), (T + 1) * H
    order = u0 + packed_size(H, H)
    x_at, p_at, q_at, k_at = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    busy, idle, hh = stack(TABLE, INDEX), stack(TABLE, INDEX), flat(h)
    for step in range(T):
        s = T - 1 - step if back else step
        p, q = (s + back) * H, (s + 1 - back) * H
        rows, rest = choose(block, s, mask, packed, order, busy, idle)
        for r in range(rest):
            # F2
            copy(H, hh, idle[r] * state + p, idle[r] * state + q)
        if rows == 0:
            continue
        places(rows, busy, T * I, s * I, x_at)
        places(rows, busy, state, p, p_at)
        places(rows, busy, state, q, q_at)
        places(rows, busy, H, ZERO, k_at)
        # F1
        multiply(rows, H, I, (ZERO, I), (flat(x), x_at), (packed, ZERO), (b, ZERO, ONE), (hh, q_at))
        add_product(rows, H, H, (hh, p_at), (flat(keep), k_at), (packed, u0), (hh, q_at))
        for r in range(rows):
            activate(tau, hh[q_at[r] : q_at[r] + H])


@kernel(tasks=lambda dh, u, *others: across(len(u)) + 1)
def _pack_backward(task, dh, u, mask, keep, setting, h, dz, dh0, packed):
    """The panels of u's transpose, and the order of the samples."""
    H = len(u)
    if task < across(H):
        pack_turned(task, u, ZERO, H, packed, ZERO)
    else:
        order_samples(mask, packed, packed_size(H, H))


@kernel(
    tasks=lambda dh, *others: count_tasks(len(dh)),
    work=lambda dh, u, mask, *others: 2 * mask.size * u.size / FLOPS / count_tasks(len(dh)),
    scratch=lambda dh, u, *others: packed_size(*u.shape) + 2 * len(dh),
    before=[_pack_backward],
)
def backward(task, dh, u, mask, keep, setting, h, dz, dh0, packed):
    T, H, block = mask.shape[1], len(u), block_of(task, len(mask))
    back, cut, tau = setting
    order, state = packed_size(H, H), (T + 1) * H
    z_at, d_at, busy, idle = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    dd, hh, da, kept, zeros = flat(dz), flat(h), flat(dh0), flat(keep), stack(COLUMNS, h)
    clear(zeros)
    clear_states(block, H, mask, packed, order, da)
    for step in range(T):
        s = step if back else T - 1 - step
        q = (s + 1 - back) * H
        # B1
        add_gradient(block, s, step == 0, H, mask, packed, order, flat(dh), da)
        rows, rest = choose(block, s, mask, packed, order, busy, idle)
        for r in range(rest):
            # B4
            blank(H, dd, (idle[r] * T + s) * H)
        places(rows, busy, T * H, s * H, z_at)
        places(rows, busy, H, ZERO, d_at)
        for r in range(rows):
            # B2
            line, value = dd[z_at[r] : z_at[r] + H], hh[busy[r] * state + q : busy[r] * state + q + H]
            a = da[d_at[r] : d_at[r] + H]
            for j in range(line.size):
                line[j] = a[j]
            times_slope(tau, value, line)
        if rows > 0:
            # B3
            multiply(rows, H, H, (ZERO, H), (dd, z_at), (packed, ZERO), (zeros, ZERO, ZERO), (da, d_at))
        for r in range(rows if keep.size else 0):
            first = np.uint64(d_at[r])
            for j in range(first, first + np.uint64(H)):
                da[j] *= kept[j]
        if cut and (T - 1 - step) % cut == 0:
            # B5
            clear_states(block, H, mask, packed, order, da)
