"""numbanet.kernels.lstm: a launch for x w + b, then one for each step; see _cuda_recurrent.

Backward a step's launch first does B4's product for the step before it in the loop, and one more ends it for the last.
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
def _inputs(plan, x, w, u, b, mask, keep, setting, z, c, h):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1, without the state
    i, j = multiply_inputs(plan, x, w, b, left, right, sums)
    write_steps(plan, sums, i, j, mask, z, 0, 0)


@device
def _load_gates(units, z, first):
    return (
        load(z, first),
        load(z, int32(first + units)),
        load(z, int32(first + 2 * units)),
        load(z, int32(first + 3 * units)),
    )


@device
def _store_gates(units, z, first, i, f, g, o):
    store(z, first, i)
    store(z, int32(first + units), f)
    store(z, int32(first + 2 * units), g)
    store(z, int32(first + 3 * units), o)


@kernel(
    grid=lambda x, w, u, *others: step_blocks(len(x), len(u)),
    static=["setting"],
    before=[_inputs],
    steps=lambda x, *others: x.shape[1],
    plan=lambda x, w, u, b, mask, keep, setting, z, c, h: step_plan(keep, u, h),
)
def forward(step, plan, x, w, u, b, mask, keep, setting, z, c, h):
    left = cuda.shared.array(LEFT_STATES, x.dtype, alignment=16)
    right = cuda.shared.array(RIGHT_STATES, x.dtype, alignment=16)
    N, T = mask.shape
    back, _, tau, sigma = setting
    s = T - 1 - step if back else step
    n, j, own = own_unit(plan, mask, UNITS)
    row, units, state = int32(n * T + s), plan[H], (T + 1) * plan[H]
    p, q = int32(n * state + (s + back) * units + j), int32(n * state + (s + 1 - back) * units + j)
    counts, before, xi, xf, xg, xo = False, like(0.0, c), like(0.0, z), like(0.0, z), like(0.0, z), like(0.0, z)
    if own:  # on their way during the product
        counts, before = load(mask, row) != like(0.0, mask), load(c, p)
        xi, xf, xg, xo = _load_gates(units, z, int32(row * 4 * units + j))
    # F1
    states, columns = (h, (s + back) * units, state, N), (0, units, 4)
    i, f, g, o = multiply_states(plan, states, keep, plan[KEPT], u, columns, left, right)
    if own and counts:
        # F2
        i, f, g, o = value(sigma, xi + i), value(sigma, xf + f), value(tau, xg + g), value(sigma, xo + o)
        _store_gates(units, z, int32(row * 4 * units + j), i, f, g, o)
        # F3
        after = f * before + i * g
        store(c, q, after)
        # F4
        store(h, q, o * value(tau, after))
    elif own:
        # F5
        store(c, q, before)
        store(h, q, load(h, p))


@kernel(
    grid=lambda dh, u, *others: step_blocks(len(dh), len(u)),
    static=["setting"],
    steps=lambda dh, u, mask, *others: mask.shape[1] + 1,
    plan=lambda dh, u, mask, keep, setting, z, c, dz, dh0, dc0: step_plan(keep, u, dz, c),
)
def backward(step, plan, dh, u, mask, keep, setting, z, c, dz, dh0, dc0):
    left = cuda.shared.array(LEFT_GATES, z.dtype, alignment=16)
    right = cuda.shared.array(RIGHT_GATES, z.dtype, alignment=16)
    N, T = mask.shape
    back, cut, tau, sigma = setting
    s, later = (step, step - 1) if back else (T - 1 - step, T - step)
    n, j, own = own_unit(plan, mask, UNITS)
    units, row, zero = plan[H], int32(n * T + s), like(0.0, z)
    gates, cell, unit = int32(row * 4 * units + j), int32(n * (T + 1) * units + j), int32(n * units + j)
    counts, before, t, i, f, g, o, a, e = False, zero, zero, zero, zero, zero, zero, zero, zero
    later_counts, handed, factor = False, zero, zero
    if own and step < T:  # on their way during the product
        counts = load(mask, row) != like(0.0, mask)
        i, f, g, o = _load_gates(units, z, gates)
        before, t = load(c, int32(cell + (s + back) * units)), load(c, int32(cell + (s + 1 - back) * units))
        a = given(dh, n, s, j, step)
    if own and step > 0 and not (cut and (T - step) % cut == 0):  # B6
        later_counts, handed, factor = later_step(plan, mask, keep, dh0, n, later, j)
        e = load(dc0, unit)
    if step > 0:
        # B4, of the step before in the loop
        rows = dz, later * 4 * units, T * 4 * units, N
        total = multiply_gates(plan, rows, u, 0, 4 * units, left, right)
        # B1
        a += total * factor if later_counts else handed
    if own and counts:
        # B2
        t = value(tau, t)
        e += a * o * slope(tau, t)
        # B3
        di, df = e * g * slope(sigma, i), e * before * slope(sigma, f)
        _store_gates(units, dz, gates, di, df, e * i * slope(tau, g), a * t * slope(sigma, o))
        # B4
        store(dc0, unit, e * f)
    elif own:
        if step < T:
            # B5
            _store_gates(units, dz, gates, zero, zero, zero, zero)
        store(dh0, unit, a)
        store(dc0, unit, e)
