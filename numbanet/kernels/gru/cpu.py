"""numbanet.kernels.gru: a task owns some samples through all steps; see _recurrent.

The gates' weights are packed as one matrix, w above u, and the candidate's as two.
"""

from .._gates import activate, times_slope
from .._jit import apart, inline, like
from .._kernel import kernel
from .._recurrent import (
    SAMPLES,
    TABLE,
    across,
    add,
    add_gradient,
    add_times,
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
    order_samples,
    pack_backward,
    pack_both,
    pack_panel,
    pack_tasks,
    pack_turned,
    packed_size,
    places,
)
from .._tile import COLUMNS, INDEX, ONE, ZERO, clear, flat, ladder, row_product, stack

UNITS = 128  # of a sample that go through the gates at a time


@apart
def _mix(H, z, z0, h, p, q):
    """F7 for one sample and step."""
    line = stack(UNITS, z)
    one = like(1.0, z)
    for j0 in range(0, H, UNITS):
        mixed = line[: min(UNITS, H - j0)]
        g, c, before, after = z[z0 + j0 :], z[z0 + 2 * H + j0 :], h[p + j0 :], h[q + j0 :]
        for j in range(mixed.size):
            mixed[j] = g[j] * before[j] + (one - g[j]) * c[j]
        for j in range(mixed.size):
            after[j] = mixed[j]


def _forward_size(x, w, u, *others):
    (I, _), H = w.shape, len(u)
    panels = packed_size(I + H, 2 * H) + packed_size(I, H) + packed_size(H, H)
    return panels + 2 * len(x) + count_tasks(len(x), len(u)) * SAMPLES * (I + H)


@inline
def _panels(I, H):
    """Where the packed matrices begin: w and u of the candidate; and where the panels end."""
    w0 = packed_size(I + H, 2 * H)
    u0 = w0 + packed_size(I, H)
    return w0, u0, u0 + packed_size(H, H)


@apart
def _pack(task, w, u, mask, packed):
    """The order of the samples; or a panel of the gates' w above u, and one of each of the candidate's."""
    I, H = len(w), len(u)
    w0, u0, order = _panels(I, H)
    if task == 0:
        order_samples(mask, packed, order)
        return
    panel = task - 1
    pack_both(panel, w, u, ZERO, 2 * H, packed, ZERO)
    if panel < across(H):
        pack_panel(panel, w, 2 * H, H, packed, w0)
        pack_panel(panel, u, 2 * H, H, packed, u0)


@kernel(tasks=lambda x, w, u, *others: pack_tasks(len(x), 2 * len(u)))
def _pack_forward(task, x, w, u, b, mask, keep, setting, z, v, h, packed):
    _pack(task, w, u, mask, packed)


@kernel(tasks=forward_tasks, work=forward_work, scratch=_forward_size, before=[_pack_forward])
def forward(task, x, w, u, b, mask, keep, setting, z, v, h, packed):
    (N, T, I), H = x.shape, len(u)
    back, _, tau, sigma = setting
    O, state, depth, block = 3 * H, (T + 1) * H, I + H, block_of(task, N, H)
    w0, u0, order = _panels(I, H)
    own = order + 2 * N + task * SAMPLES * depth
    x_at, h_at, z_at, c_at = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    v_at, busy, idle = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    zz, vv, hh, bb = flat(z), flat(v), flat(h), flat(b)
    if N == 1:
        multiply_inputs(x, mask, w, bb, zz, ZERO)
    for step in range(T):
        s = T - 1 - step if back else step
        p, q = (s + back) * H, (s + 1 - back) * H
        rows, rest = choose(block, s, H, mask, packed, order, busy, idle)
        for r in range(rest):
            # F8
            copy(H, hh, idle[r] * state + p, idle[r] * state + q)
        if rows == 0:
            continue
        join(rows, busy, x, s, h, s + back, keep, packed, own)
        ladder(rows, own, depth, x_at)
        ladder(rows, own + I, depth, h_at)
        places(rows, busy, T * O, s * O, z_at)
        places(rows, busy, T * O, s * O + 2 * H, c_at)
        places(rows, busy, T * H, s * H, v_at)
        # F1, F2
        if N == 1:
            row_product(2 * H, H, (packed, own + I), (flat(u), ZERO, O), (zz, z_at[0]))
            vv[v_at[0] : v_at[0] + H] = bb[O + 2 * H :]
            row_product(H, H, (packed, own + I), (flat(u), 2 * H, O), (vv, v_at[0]))
        else:
            multiply(rows, 2 * H, depth, (packed, x_at), (packed, ZERO), (bb, ZERO, ONE), (zz, z_at))
            multiply(rows, H, I, (packed, x_at), (packed, w0), (bb, 2 * H, ONE), (zz, c_at))
            multiply(rows, H, H, (packed, h_at), (packed, u0), (bb, O + 2 * H, ONE), (vv, v_at))
        for r in range(rows):
            z0 = z_at[r]
            add(2 * H, zz, z0, bb, O)
            activate(sigma, zz[z0 : z0 + 2 * H])
            # F3
            add_times(H, zz, z0 + 2 * H, zz, z0 + H, vv, v_at[r])
            activate(tau, zz[z0 + 2 * H : z0 + O])
            # F7
            n = busy[r] * state
            _mix(H, zz, z0, hh, n + p, n + q)


@kernel(tasks=lambda x, w, u, *others: pack_tasks(len(x), 2 * len(u)))
def _pack_forward_reset_before(task, x, w, u, b, mask, keep, setting, z, v, h, packed):
    _pack(task, w, u, mask, packed)


@kernel(tasks=forward_tasks, work=forward_work, scratch=_forward_size, before=[_pack_forward_reset_before])
def forward_reset_before(task, x, w, u, b, mask, keep, setting, z, v, h, packed):
    (N, T, I), H = x.shape, len(u)
    back, _, tau, sigma = setting
    O, state, depth, block = 3 * H, (T + 1) * H, I + H, block_of(task, N, H)
    w0, u0, order = _panels(I, H)
    own = order + 2 * N + task * SAMPLES * depth
    x_at, z_at, c_at, v_at = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    busy, idle, zz, vv, hh = stack(TABLE, INDEX), stack(TABLE, INDEX), flat(z), flat(v), flat(h)
    if N == 1:
        multiply_inputs(x, mask, w, b, zz, ZERO)
    for step in range(T):
        s = T - 1 - step if back else step
        p, q = (s + back) * H, (s + 1 - back) * H
        rows, rest = choose(block, s, H, mask, packed, order, busy, idle)
        for r in range(rest):
            # F8
            copy(H, hh, idle[r] * state + p, idle[r] * state + q)
        if rows == 0:
            continue
        join(rows, busy, x, s, h, s + back, keep, packed, own)
        ladder(rows, own, depth, x_at)
        places(rows, busy, T * O, s * O, z_at)
        places(rows, busy, T * O, s * O + 2 * H, c_at)
        places(rows, busy, T * H, s * H, v_at)
        # F4
        if N == 1:
            row_product(2 * H, H, (packed, own + I), (flat(u), ZERO, O), (zz, z_at[0]))
        else:
            multiply(rows, 2 * H, depth, (packed, x_at), (packed, ZERO), (b, ZERO, ONE), (zz, z_at))
        for r in range(rows):
            z0 = z_at[r]
            activate(sigma, zz[z0 : z0 + 2 * H])
            # F5
            line, gate, kept = vv[v_at[r] : v_at[r] + H], zz[z0 + H :], packed[x_at[r] + I :]
            for j in range(line.size):
                line[j] = gate[j] * kept[j]
        # F6
        if N == 1:
            row_product(H, H, (vv, v_at[0]), (flat(u), 2 * H, O), (zz, c_at[0]))
        else:
            multiply(rows, H, I, (packed, x_at), (packed, w0), (b, 2 * H, ONE), (zz, c_at))
            multiply(rows, H, H, (vv, v_at), (packed, u0), (zz, ZERO, -ONE), (zz, c_at))
        for r in range(rows):
            activate(tau, zz[c_at[r] : c_at[r] + H])
            # F7
            n = busy[r] * state
            _mix(H, zz, z_at[r], hh, n + p, n + q)


@kernel(tasks=lambda dh, u, *others: across(len(u)) + 1)
def _pack_backward(task, dh, u, mask, keep, setting, z, v, h, dz, dh0, packed):
    pack_backward(task, u, mask, packed)


@apart
def _gates_backward(H, tau, sigma, z, z0, v, v0, h, p, dz, first, second, da, d0):
    """B2, B3 and the half of B4 for one sample and step: a becomes a g."""
    line, gate = stack(UNITS, z), stack(UNITS, z)
    one = like(1.0, z)
    for j0 in range(0, H, UNITS):
        d, dg = line[: min(UNITS, H - j0)], gate[: min(UNITS, H - j0)]
        g, r, c = z[z0 + j0 :], z[z0 + H + j0 :], z[z0 + 2 * H + j0 :]
        before, side, a = h[p + j0 :], v[v0 + j0 :], da[d0 + j0 :]
        in_g, in_r, in_c = dz[first + j0 :], dz[first + H + j0 :], dz[first + 2 * H + j0 :]
        at_g, at_r, at_c = dz[second + j0 :], dz[second + H + j0 :], dz[second + 2 * H + j0 :]
        for j in range(d.size):
            d[j] = a[j] * (one - g[j])
            dg[j] = a[j] * (before[j] - c[j])
        times_slope(tau, c, d)
        times_slope(sigma, g, dg)
        for j in range(d.size):
            in_g[j] = dg[j]
        for j in range(d.size):
            at_g[j] = dg[j]
        for j in range(d.size):
            in_c[j] = d[j]
        for j in range(d.size):
            dg[j] = d[j] * r[j]
        for j in range(d.size):
            at_c[j] = dg[j]
        for j in range(d.size):
            d[j] *= side[j]
        times_slope(sigma, r, d)
        for j in range(d.size):
            in_r[j] = d[j]
        for j in range(d.size):
            at_r[j] = d[j]
        for j in range(d.size):
            a[j] *= g[j]


@kernel(
    tasks=backward_tasks,
    work=backward_work,
    scratch=lambda dh, u, *others: (
        packed_size(u.shape[1], len(u)) + 2 * len(dh) + count_tasks(len(dh), len(u)) * SAMPLES * len(u)
    ),
    before=[_pack_backward],
)
def backward(task, dh, u, mask, keep, setting, z, v, h, dz, dh0, packed):
    (N, T), block = mask.shape, block_of(task, len(mask), len(u))
    H, O = u.shape
    back, cut, tau, sigma = setting
    order, state = packed_size(O, H), (T + 1) * H
    own = order + 2 * N + task * SAMPLES * H
    z_at, d_at, t_at, zeros = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(COLUMNS, z)
    busy, idle, zz, vv, hh, dd = stack(TABLE, INDEX), stack(TABLE, INDEX), flat(z), flat(v), flat(h), flat(dz)
    da, kept, half = flat(dh0), flat(keep), N * T * O
    clear(zeros)
    clear_states(block, H, mask, packed, order, da)
    for step in range(T):
        s = step if back else T - 1 - step
        p = (s + back) * H
        # B1
        add_gradient(block, s, step == 0, H, mask, packed, order, flat(dh), da)
        rows, rest = choose(block, s, H, mask, packed, order, busy, idle)
        for r in range(rest):
            # B7
            blank(O, dd, (idle[r] * T + s) * O)
            blank(O, dd, half + (idle[r] * T + s) * O)
        if rows > 0:
            places(rows, busy, T * O, half + s * O, z_at)
            places(rows, busy, H, ZERO, d_at)
            ladder(rows, own, H, t_at)
            for r in range(rows):
                # B2, B3, B4
                z0, v0 = z_at[r] - half, (busy[r] * T + s) * H
                _gates_backward(H, tau, sigma, zz, z0, vv, v0, hh, busy[r] * state + p, dd, z0, z_at[r], da, d_at[r])
            if keep.size == 0:
                multiply(rows, H, O, (dd, z_at), (packed, ZERO), (da, ZERO, -ONE), (da, d_at))
            else:
                start = (zeros, ZERO, ZERO)
                multiply(rows, H, O, (dd, z_at), (packed, ZERO), start, (packed, t_at))
                for r in range(rows):
                    add_times(H, da, d_at[r], packed, t_at[r], kept, d_at[r])
        if cut and (T - 1 - step) % cut == 0:
            # B8
            clear_states(block, H, mask, packed, order, da)


@kernel(tasks=lambda dh, u, *others: across(len(u)) + 1)
def _pack_backward_reset_before(task, dh, u, mask, keep, setting, z, h, dz, dh0, packed):
    """The order of the samples; or a panel of the transpose of each of u's two matrices."""
    H = len(u)
    if task == 0:
        order_samples(mask, packed, packed_size(2 * H, H) + packed_size(H, H))
    else:
        pack_turned(task - 1, u, ZERO, 2 * H, packed, ZERO)
        pack_turned(task - 1, u, 2 * H, H, packed, packed_size(2 * H, H))


@apart
def _candidate_backward(H, tau, sigma, z, z0, h, p, dz, da, d0):
    """B5 without the reset gate, and the first part of B6, for one sample and step: a becomes a g."""
    line, gate = stack(UNITS, z), stack(UNITS, z)
    one = like(1.0, z)
    for j0 in range(0, H, UNITS):
        d, dg = line[: min(UNITS, H - j0)], gate[: min(UNITS, H - j0)]
        g, c, before, a = z[z0 + j0 :], z[z0 + 2 * H + j0 :], h[p + j0 :], da[d0 + j0 :]
        out_g, out_c = dz[z0 + j0 :], dz[z0 + 2 * H + j0 :]
        for j in range(d.size):
            d[j] = a[j] * (one - g[j])
            dg[j] = a[j] * (before[j] - c[j])
        times_slope(tau, c, d)
        times_slope(sigma, g, dg)
        for j in range(d.size):
            a[j] *= g[j]
        for j in range(d.size):
            out_g[j] = dg[j]
        for j in range(d.size):
            out_c[j] = d[j]


@apart
def _reset_backward(H, sigma, z, z0, h, p, keep, k0, e, e0, dz, da, d0):
    """B5 for the reset gate, and e r of B6, for one sample and step."""
    line, total = stack(UNITS, z), stack(UNITS, z)
    for j0 in range(0, H, UNITS):
        d, carried = line[: min(UNITS, H - j0)], total[: min(UNITS, H - j0)]
        r, before, a, out = z[z0 + H + j0 :], h[p + j0 :], da[d0 + j0 :], dz[z0 + H + j0 :]
        given = e[e0 + j0 :]
        for j in range(d.size):
            d[j] = given[j]
        if keep.size:
            kept = keep[k0 + j0 :]
            for j in range(d.size):
                d[j] *= kept[j]
        for j in range(d.size):
            carried[j] = d[j] * r[j]
            d[j] *= before[j]
        times_slope(sigma, r, d)
        for j in range(d.size):
            out[j] = d[j]
        for j in range(d.size):
            a[j] += carried[j]


@kernel(
    tasks=backward_tasks,
    work=backward_work,
    scratch=lambda dh, u, *others: (
        packed_size(2 * len(u), len(u))
        + packed_size(len(u), len(u))
        + 2 * len(dh)
        + count_tasks(len(dh), len(u)) * SAMPLES * len(u)
    ),
    before=[_pack_backward_reset_before],
)
def backward_reset_before(task, dh, u, mask, keep, setting, z, h, dz, dh0, packed):
    (N, T), block = mask.shape, block_of(task, len(mask), len(u))
    H, O = u.shape
    back, cut, tau, sigma = setting
    v0, state = packed_size(2 * H, H), (T + 1) * H
    order = v0 + packed_size(H, H)
    own = order + 2 * N + task * SAMPLES * H
    z_at, c_at, d_at, t_at = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    busy, idle, zeros = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(COLUMNS, z)
    zz, hh, dd, da, kept = flat(z), flat(h), flat(dz), flat(dh0), flat(keep)
    start = (zeros, ZERO, ZERO)
    clear(zeros)
    clear_states(block, H, mask, packed, order, da)
    for step in range(T):
        s = step if back else T - 1 - step
        p = (s + back) * H
        # B1
        add_gradient(block, s, step == 0, H, mask, packed, order, flat(dh), da)
        rows, rest = choose(block, s, H, mask, packed, order, busy, idle)
        for r in range(rest):
            # B7
            blank(O, dd, (idle[r] * T + s) * O)
        if rows > 0:
            places(rows, busy, T * O, s * O, z_at)
            places(rows, busy, T * O, s * O + 2 * H, c_at)
            places(rows, busy, H, ZERO, d_at)
            ladder(rows, own, H, t_at)
            for r in range(rows):
                _candidate_backward(H, tau, sigma, zz, z_at[r], hh, busy[r] * state + p, dd, da, d_at[r])
            # B5
            multiply(rows, H, H, (dd, c_at), (packed, v0), start, (packed, t_at))
            for r in range(rows):
                at = busy[r] * state + p
                _reset_backward(H, sigma, zz, z_at[r], hh, at, kept, d_at[r], packed, t_at[r], dd, da, d_at[r])
            # B6
            if keep.size == 0:
                multiply(rows, H, 2 * H, (dd, z_at), (packed, ZERO), (da, ZERO, -ONE), (da, d_at))
            else:
                multiply(rows, H, 2 * H, (dd, z_at), (packed, ZERO), start, (packed, t_at))
                for r in range(rows):
                    add_times(H, da, d_at[r], packed, t_at[r], kept, d_at[r])
        if cut and (T - 1 - step) % cut == 0:
            # B8
            clear_states(block, H, mask, packed, order, da)
