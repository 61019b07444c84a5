"""numbanet.kernels.simple_rnn: a task owns some samples through all steps; see _recurrent."""

from .._gates import activate, times_slope
from .._kernel import kernel
from .._recurrent import (
    SAMPLES,
    TABLE,
    across,
    add_gradient,
    backward_tasks,
    backward_work,
    blank,
    block_of,
    choose,
    clear_states,
    copy,
    count_tasks,
    forward_tasks,
    forward_work,
    join,
    multiply,
    multiply_inputs,
    pack_backward,
    pack_forward,
    pack_tasks,
    packed_size,
    places,
    times_keep,
)
from .._tile import COLUMNS, INDEX, ONE, ZERO, clear, flat, ladder, row_product, stack


def _forward_size(x, w, u, *others):
    depth = len(w) + len(u)
    return packed_size(depth, len(u)) + 2 * len(x) + count_tasks(len(x), len(u)) * SAMPLES * depth


@kernel(tasks=lambda x, w, *others: pack_tasks(len(x), w.shape[1]))
def _pack_forward(task, x, w, u, b, mask, keep, setting, h, packed):
    pack_forward(task, w, u, mask, packed)


@kernel(tasks=forward_tasks, work=forward_work, scratch=_forward_size, before=[_pack_forward])
def forward(task, x, w, u, b, mask, keep, setting, h, packed):
    (N, T, I), H = x.shape, len(u)
    back, _, tau = setting
    depth, state, block = I + H, (T + 1) * H, block_of(task, N, H)
    order = packed_size(depth, H)
    own = order + 2 * N + task * SAMPLES * depth
    a_at, q_at, busy, idle = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    hh = flat(h)
    if N == 1:
        multiply_inputs(x, mask, w, b, hh, (1 - back) * H)
    for step in range(T):
        s = T - 1 - step if back else step
        p, q = (s + back) * H, (s + 1 - back) * H
        rows, rest = choose(block, s, H, mask, packed, order, busy, idle)
        for r in range(rest):
            # F2
            copy(H, hh, idle[r] * state + p, idle[r] * state + q)
        if rows == 0:
            continue
        join(rows, busy, x, s, h, s + back, keep, packed, own)
        ladder(rows, own, depth, a_at)
        places(rows, busy, state, q, q_at)
        # F1
        if N == 1:
            row_product(H, H, (packed, own + I), (flat(u), ZERO, H), (hh, q_at[0]))
        else:
            multiply(rows, H, depth, (packed, a_at), (packed, ZERO), (b, ZERO, ONE), (hh, q_at))
        for r in range(rows):
            activate(tau, hh[q_at[r] : q_at[r] + H])


@kernel(tasks=lambda dh, u, *others: across(len(u)) + 1)
def _pack_backward(task, dh, u, mask, keep, setting, h, dz, dh0, packed):
    pack_backward(task, u, mask, packed)


@kernel(
    tasks=backward_tasks,
    work=backward_work,
    scratch=lambda dh, u, *others: packed_size(*u.shape) + 2 * len(dh),
    before=[_pack_backward],
)
def backward(task, dh, u, mask, keep, setting, h, dz, dh0, packed):
    T, H, block = mask.shape[1], len(u), block_of(task, len(mask), len(u))
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
        rows, rest = choose(block, s, H, mask, packed, order, busy, idle)
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
            multiply(rows, H, H, (dd, z_at), (packed, ZERO), (zeros, ZERO, ZERO), (da, d_at))
        times_keep(rows, H, da, d_at, kept)
        if cut and (T - 1 - step) % cut == 0:
            # B5
            clear_states(block, H, mask, packed, order, da)
