"""numbanet.kernels.gru: a launch for x w + b, then one for each step; see _cuda_recurrent.

With the reset gate before the product a step has two launches, because the candidate needs the reset gates of all
units. Backward a step's first launch begins with the last product of the step before it in the loop, and one more
launch ends it for the last step.
"""

from numba import cuda, int32

from .._cuda import device, like, load, store
from .._cuda_gates import slope, value
from .._cuda_gemm import PART, SUMS
from .._cuda_kernel import kernel
from .._cuda_recurrent import (
    KEPT,
    LEFT_GATES,
    LEFT_STATES,
    RIGHT_GATES,
    RIGHT_STATES,
    UNITS,
    H,
    given,
    input_blocks,
    input_plan,
    input_threads,
    later_step,
    multiply_gates,
    multiply_inputs,
    multiply_states,
    own_unit,
    step_blocks,
    step_plan,
    write_steps,
)


@kernel(input_blocks, input_threads, occupancy=2, plan=input_plan)
def _inputs(plan, x, w, u, b, mask, keep, setting, z, v, h):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1, F3, F4 and F6, without the state; of two biases the first
    i, j = multiply_inputs(plan, x, w, b, left, right, sums)
    write_steps(plan, sums, i, j, mask, z, 0, 0)


@device
def _load_gates(units, z, first):
    return load(z, first), load(z, int32(first + units)), load(z, int32(first + 2 * units))


@device
def _store_gates(units, z, first, g, r, c):
    store(z, first, g)
    store(z, int32(first + units), r)
    store(z, int32(first + 2 * units), c)


@device
def _mix(g, before, c):
    """F7"""
    return g * before + (like(1.0, g) - g) * c


@kernel(
    grid=lambda x, w, u, *others: step_blocks(len(x), len(u)),
    static=["setting"],
    before=[_inputs],
    steps=lambda x, *others: x.shape[1],
    plan=lambda x, w, u, b, mask, keep, setting, z, v, h: step_plan(keep, u, h),
)
def forward(step, plan, x, w, u, b, mask, keep, setting, z, v, h):
    left = cuda.shared.array(LEFT_STATES, x.dtype, alignment=16)
    right = cuda.shared.array(RIGHT_STATES, x.dtype, alignment=16)
    N, T = mask.shape
    back, _, tau, sigma = setting
    s = T - 1 - step if back else step
    n, j, own = own_unit(plan, mask, UNITS)
    row, units, state, zero = int32(n * T + s), plan[H], (T + 1) * plan[H], like(0.0, z)
    p, q = int32(n * state + (s + back) * units + j), int32(n * state + (s + 1 - back) * units + j)
    gates = int32(row * 3 * units + j)
    counts, before, xg, xr, xc, bg, br, bc = False, zero, zero, zero, zero, zero, zero, zero
    if own:  # on their way during the product
        counts, before = load(mask, row) != like(0.0, mask), load(h, p)
        xg, xr, xc = _load_gates(units, z, gates)
        bg, br, bc = _load_gates(units, b, int32(3 * units + j))
    states = h, (s + back) * units, state, N
    g, r, c, _ = multiply_states(plan, states, keep, plan[KEPT], u, (0, units, 3), left, right)
    if own and counts:
        # F1
        g, r = value(sigma, xg + (bg + g)), value(sigma, xr + (br + r))
        # F2
        side = bc + c
        store(v, int32(row * units + j), side)
        # F3
        c = value(tau, xc + r * side)
        _store_gates(units, z, gates, g, r, c)
        before = _mix(g, before, c)
    if own:
        # F7, F8
        store(h, q, before)


@kernel(
    grid=lambda x, w, u, *others: step_blocks(len(x), len(u)),
    static=["setting"],
    before=[_inputs],
    steps=lambda x, *others: 2 * x.shape[1],
    plan=lambda x, w, u, b, mask, keep, setting, z, v, h: step_plan(keep, u, v, h),
)
def forward_reset_before(step, plan, x, w, u, b, mask, keep, setting, z, v, h):
    left = cuda.shared.array(LEFT_STATES, x.dtype, alignment=16)
    right = cuda.shared.array(RIGHT_STATES, x.dtype, alignment=16)
    N, T = mask.shape
    back, _, tau, sigma = setting
    s = T - 1 - (step >> 1) if back else step >> 1
    n, j, own = own_unit(plan, mask, UNITS)
    row, units, state, zero = int32(n * T + s), plan[H], (T + 1) * plan[H], like(0.0, z)
    p, q = int32(n * state + (s + back) * units + j), int32(n * state + (s + 1 - back) * units + j)
    gates, unit = int32(row * 3 * units + j), int32(n * units + j)
    counts, before, xg, xr, xc, factor = False, zero, zero, zero, zero, like(1.0, z)
    if own:  # on their way during the product
        counts, before = load(mask, row) != like(0.0, mask), load(h, p)
        xg, xr, xc = _load_gates(units, z, gates)
        if plan[KEPT]:
            factor = load(keep, unit)
    if step & 1 == 0:
        states = h, (s + back) * units, state, N
        g, r, _, _ = multiply_states(plan, states, keep, plan[KEPT], u, (0, units, 2), left, right)
        if counts:
            # F4
            r = value(sigma, xr + r)
            store(z, gates, value(sigma, xg + g))
            store(z, int32(gates + units), r)
            # F5
            store(v, int32(row * units + j), r * (before * factor))
    else:
        sides = v, s * units, T * units, N
        c, _, _, _ = multiply_states(plan, sides, keep, False, u, (2 * units, units, 1), left, right)
        if counts:
            # F6
            c = value(tau, xc + c)
            store(z, int32(gates + 2 * units), c)
            before = _mix(xg, before, c)
        if own:
            # F7, F8
            store(h, q, before)


@kernel(
    grid=lambda dh, u, *others: step_blocks(len(dh), len(u)),
    static=["setting"],
    steps=lambda dh, u, mask, *others: mask.shape[1] + 1,
    plan=lambda dh, u, mask, keep, setting, z, v, h, dz, dh0: step_plan(keep, u, dz, h),
)
def backward(step, plan, dh, u, mask, keep, setting, z, v, h, dz, dh0):
    left = cuda.shared.array(LEFT_GATES, z.dtype, alignment=16)
    right = cuda.shared.array(RIGHT_GATES, z.dtype, alignment=16)
    N, T = mask.shape
    back, cut, tau, sigma = setting
    s, later = (step, step - 1) if back else (T - 1 - step, T - step)
    n, j, own = own_unit(plan, mask, UNITS)
    units, row, zero, one = plan[H], int32(n * T + s), like(0.0, z), like(1.0, z)
    gates, half, unit = int32(row * 3 * units + j), N * T * 3 * units, int32(n * units + j)
    counts, a, g, r, c, before, side = False, zero, zero, zero, zero, zero, zero
    later_counts, handed, factor = False, zero, zero
    if own and step < T:  # on their way during the product
        counts, a = load(mask, row) != like(0.0, mask), given(dh, n, s, j, step)
        g, r, c = _load_gates(units, z, gates)
        before, side = load(h, int32((n * (T + 1) + s + back) * units + j)), load(v, int32(row * units + j))
    if own and step > 0 and not (cut and (T - step) % cut == 0):  # B8
        later_counts, handed, factor = later_step(plan, mask, keep, dh0, n, later, j)
    if step > 0:
        # B4, of the step before in the loop
        rows = dz, half + later * 3 * units, T * 3 * units, N
        total = multiply_gates(plan, rows, u, 0, 3 * units, left, right)
        # B1
        a += handed + total * factor if later_counts else handed
    if own and counts:
        # B2
        d = a * (one - g) * slope(tau, c)
        dg, dr = a * (before - c) * slope(sigma, g), d * side * slope(sigma, r)
        _store_gates(units, dz, gates, dg, dr, d)
        # B3
        _store_gates(units, dz, int32(half + gates), dg, dr, d * r)
        # B4
        store(dh0, unit, a * g)
    elif own:
        if step < T:
            # B7
            _store_gates(units, dz, gates, zero, zero, zero)
            _store_gates(units, dz, int32(half + gates), zero, zero, zero)
        store(dh0, unit, a)


@kernel(
    grid=lambda dh, u, *others: step_blocks(len(dh), len(u)),
    static=["setting"],
    steps=lambda dh, u, mask, *others: 2 * mask.shape[1] + 1,
    plan=lambda dh, u, mask, keep, setting, z, h, dz, dh0: step_plan(keep, u, dz, h),
)
def backward_reset_before(step, plan, dh, u, mask, keep, setting, z, h, dz, dh0):
    left = cuda.shared.array(LEFT_GATES, z.dtype, alignment=16)
    right = cuda.shared.array(RIGHT_GATES, z.dtype, alignment=16)
    N, T = mask.shape
    back, cut, tau, sigma = setting
    turn, second = step >> 1, step & 1
    s, later = (turn, turn - 1) if back else (T - 1 - turn, T - turn)
    n, j, own = own_unit(plan, mask, UNITS)
    units, row, zero, one = plan[H], int32(n * T + s), like(0.0, z), like(1.0, z)
    gates, unit = int32(row * 3 * units + j), int32(n * units + j)
    counts, before, g, r, c, a, total = False, zero, zero, zero, zero, zero, zero
    later_counts, handed, factor = False, zero, zero
    if own and turn < T:  # on their way during the product
        counts, before = load(mask, row) != like(0.0, mask), load(h, int32((n * (T + 1) + s + back) * units + j))
        g, r, c = _load_gates(units, z, gates)
        a = given(dh, n, s, j, turn)
    if own and (second or (turn > 0 and not (cut and (T - turn) % cut == 0))):  # B8
        later_counts, handed, factor = later_step(plan, mask, keep, dh0, n, s if second else later, j)
    if step > 0:  # of the candidate's gradients of this step, or of the gates' of the step before in the loop
        first, K, at = (2 * units, units, s) if second else (0, 2 * units, later)
        rows = dz, at * 3 * units + first, T * 3 * units, N
        total = multiply_gates(plan, rows, u, first, K, left, right)
    if second:
        if counts:
            # B5
            e = total * factor
            store(dz, int32(gates + units), e * before * slope(sigma, r))
            # B6
            store(dh0, unit, handed + e * r)
    elif own:
        # B1, B6
        a += handed + total * factor if later_counts else handed
        if counts:
            # B5
            store(dz, gates, a * (before - c) * slope(sigma, g))
            store(dz, int32(gates + 2 * units), a * (one - g) * slope(tau, c))
            # B6
            a *= g
        elif turn < T:
            # B7
            _store_gates(units, dz, gates, zero, zero, zero)
        store(dh0, unit, a)
