"""numbanet.kernels.lstm: a task owns some samples through all steps; see _recurrent."""

from .._gates import SIGMOID, TANH, activate, times_slope
from .._jit import apart, inline, like
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

UNITS = 128  # of a sample that go through the gates at a time
LINES = 5 * UNITS


@inline
def _part(lines, k, count):
    return lines[k * UNITS : k * UNITS + count]


@apart
def _gates(H, tau, sigma, z, z0, c, cp, cq, h, hq):
    """F2 to F4 for one sample and step."""
    activate(sigma, z[z0 : z0 + 2 * H])
    activate(tau, z[z0 + 2 * H : z0 + 3 * H])
    activate(sigma, z[z0 + 3 * H : z0 + 4 * H])
    lines = stack(LINES, z)
    for j0 in range(0, H, UNITS):
        count = min(UNITS, H - j0)
        line, first = lines[:count], z0 + j0
        i, f, g, o = z[first:], z[first + H :], z[first + 2 * H :], z[first + 3 * H :]
        before, after, out = c[cp + j0 :], c[cq + j0 :], h[hq + j0 :]
        for j in range(line.size):
            line[j] = f[j] * before[j] + i[j] * g[j]
        for j in range(line.size):
            after[j] = line[j]
        activate(tau, line)
        for j in range(line.size):
            line[j] *= o[j]
        for j in range(line.size):
            out[j] = line[j]


def _forward_size(x, w, u, *others):
    depth = len(w) + len(u)
    return packed_size(depth, w.shape[1]) + 2 * len(x) + count_tasks(len(x), len(u)) * SAMPLES * depth


@kernel(tasks=lambda x, w, *others: pack_tasks(len(x), w.shape[1]))
def _pack_forward(task, x, w, u, b, mask, keep, setting, z, c, h, packed):
    pack_forward(task, w, u, mask, packed)


@kernel(tasks=forward_tasks, work=forward_work, scratch=_forward_size, before=[_pack_forward])
def forward(task, x, w, u, b, mask, keep, setting, z, c, h, packed):
    (N, T, I), H = x.shape, len(u)
    back, _, tau, sigma = setting
    O, state, depth, block = 4 * H, (T + 1) * H, I + H, block_of(task, N, H)
    order = packed_size(depth, O)
    own = order + 2 * N + task * SAMPLES * depth
    a_at, z_at, busy, idle = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    zz, cc, hh = flat(z), flat(c), flat(h)
    if N == 1:
        multiply_inputs(x, mask, w, b, zz, ZERO)
    for step in range(T):
        s = T - 1 - step if back else step
        p, q = (s + back) * H, (s + 1 - back) * H
        rows, rest = choose(block, s, H, mask, packed, order, busy, idle)
        for r in range(rest):
            # F5
            copy(H, hh, idle[r] * state + p, idle[r] * state + q)
            copy(H, cc, idle[r] * state + p, idle[r] * state + q)
        if rows == 0:
            continue
        join(rows, busy, x, s, h, s + back, keep, packed, own)
        ladder(rows, own, depth, a_at)
        places(rows, busy, T * O, s * O, z_at)
        # F1
        if N == 1:
            row_product(O, H, (packed, own + I), (flat(u), ZERO, O), (zz, z_at[0]))
        else:
            multiply(rows, O, depth, (packed, a_at), (packed, ZERO), (b, ZERO, ONE), (zz, z_at))
        for r in range(rows):
            # F2, F3, F4
            n = busy[r] * state
            _gates(H, tau, sigma, zz, z_at[r], cc, n + p, n + q, hh, n + q)


@apart
def _gates_backward(H, tau, sigma, z, dz, z0, c, cp, cq, da, de, d0):
    """B2, B3 and the half of B4 for one sample and step, from a = da and e = de, which becomes e f."""
    lines, tanhs = stack(LINES, z), stack(UNITS, z)
    one = like(1.0, z)
    for j0 in range(0, H, UNITS):
        count = min(UNITS, H - j0)
        t, first, state = tanhs[:count], z0 + j0, d0 + j0
        i, f, g, o = z[first:], z[first + H :], z[first + 2 * H :], z[first + 3 * H :]
        before, after, a, e = c[cp + j0 :], c[cq + j0 :], da[state:], de[state:]
        di, df, dg, do = _part(lines, 0, count), _part(lines, 1, count), _part(lines, 2, count), _part(lines, 3, count)
        carried = _part(lines, 4, count)
        for j in range(t.size):
            t[j] = after[j]
        activate(tau, t)
        if tau == TANH and sigma == SIGMOID:
            for j in range(t.size):
                total = e[j] + a[j] * o[j] * (one - t[j] * t[j])
                di[j] = total * g[j] * i[j] * (one - i[j])
                df[j] = total * before[j] * f[j] * (one - f[j])
                dg[j] = total * i[j] * (one - g[j] * g[j])
                do[j] = a[j] * t[j] * o[j] * (one - o[j])
                carried[j] = total * f[j]
        else:
            for j in range(t.size):
                carried[j] = a[j] * o[j]
            times_slope(tau, t, carried)
            for j in range(t.size):
                total = e[j] + carried[j]
                di[j], df[j], dg[j], do[j] = total * g[j], total * before[j], total * i[j], a[j] * t[j]
                carried[j] = total * f[j]
            times_slope(sigma, i, di)
            times_slope(sigma, f, df)
            times_slope(tau, g, dg)
            times_slope(sigma, o, do)
        for j in range(t.size):
            e[j] = carried[j]
        for k in range(4):
            line, out = _part(lines, k, count), dz[first + k * H :]
            for j in range(line.size):
                out[j] = line[j]


@kernel(tasks=lambda dh, u, *others: across(len(u)) + 1)
def _pack_backward(task, dh, u, mask, keep, setting, z, c, dz, dh0, dc0, packed):
    pack_backward(task, u, mask, packed)


@kernel(
    tasks=backward_tasks,
    work=backward_work,
    scratch=lambda dh, u, *others: packed_size(u.shape[1], u.shape[0]) + 2 * len(dh),
    before=[_pack_backward],
)
def backward(task, dh, u, mask, keep, setting, z, c, dz, dh0, dc0, packed):
    T, block = mask.shape[1], block_of(task, len(mask), len(u))
    H, O = u.shape
    back, cut, tau, sigma = setting
    order, state = packed_size(O, H), (T + 1) * H
    z_at, d_at, busy, idle = stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX), stack(TABLE, INDEX)
    zz, dd, cc, da, de, kept = flat(z), flat(dz), flat(c), flat(dh0), flat(dc0), flat(keep)
    zeros = stack(COLUMNS, z)
    clear(zeros)
    clear_states(block, H, mask, packed, order, da)
    clear_states(block, H, mask, packed, order, de)
    for step in range(T):
        s = step if back else T - 1 - step
        p, q = (s + back) * H, (s + 1 - back) * H
        # B1
        add_gradient(block, s, step == 0, H, mask, packed, order, flat(dh), da)
        rows, rest = choose(block, s, H, mask, packed, order, busy, idle)
        for r in range(rest):
            # B5
            blank(O, dd, (idle[r] * T + s) * O)
        places(rows, busy, T * O, s * O, z_at)
        places(rows, busy, H, ZERO, d_at)
        for r in range(rows):
            # B2, B3, B4
            n = busy[r] * state
            _gates_backward(H, tau, sigma, zz, dd, z_at[r], cc, n + p, n + q, da, de, d_at[r])
        if rows > 0:
            multiply(rows, H, O, (dd, z_at), (packed, ZERO), (zeros, ZERO, ZERO), (da, d_at))
        times_keep(rows, H, da, d_at, kept)
        if cut and (T - 1 - step) % cut == 0:
            # B6
            clear_states(block, H, mask, packed, order, da)
            clear_states(block, H, mask, packed, order, de)
