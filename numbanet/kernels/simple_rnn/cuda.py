"""numbanet.kernels.simple_rnn: a launch for x w + b, then one for each step; see _cuda_recurrent.

Forward a block has four times as many units as there, in the place of a unit's gates. Backward a step's launch first
does B3's product for the step before it in the loop, and one more ends it for the last.
"""

from numba import cuda, int32

from .._cuda import ceil_div, like, load, store
from .._cuda_gates import slope, value
from .._cuda_gemm import PART, SUMS
from .._cuda_kernel import kernel
from .._cuda_recurrent import (
    GATES,
    KEPT,
    LEFT_GATES,
    LEFT_STATES,
    RIGHT_GATES,
    RIGHT_STATES,
    SAMPLES,
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

WIDTH = GATES * UNITS  # of a block forward


@kernel(input_blocks, input_threads, occupancy=2, plan=input_plan)
def _inputs(plan, x, w, u, b, mask, keep, setting, h):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1, without the state and tau, in the place of the state
    i, j = multiply_inputs(plan, x, w, b, left, right, sums)
    units = h.shape[2]
    write_steps(plan, sums, i, j, mask, h, (1 - setting[0]) * units, units)


@kernel(
    grid=lambda x, w, u, *others: (ceil_div(len(u), WIDTH), ceil_div(len(x), SAMPLES)),
    static=["setting"],
    before=[_inputs],
    steps=lambda x, *others: x.shape[1],
    plan=lambda x, w, u, b, mask, keep, setting, h: step_plan(keep, u, h),
)
def forward(step, plan, x, w, u, b, mask, keep, setting, h):
    left = cuda.shared.array(LEFT_STATES, x.dtype, alignment=16)
    right = cuda.shared.array(RIGHT_STATES, x.dtype, alignment=16)
    inputs = cuda.local.array(GATES, x.dtype)
    N, T = mask.shape
    back, _, tau = setting
    s = T - 1 - step if back else step
    n, j, own = own_unit(plan, mask, WIDTH)
    units, state = plan[H], (T + 1) * plan[H]
    p, q = int32(n * state + (s + back) * units + j), int32(n * state + (s + 1 - back) * units + j)
    counts = own and load(mask, int32(n * T + s)) != like(0.0, mask)
    for k in range(GATES):  # on their way during the product; where the step is left out, the state before it
        if own and j + k * UNITS < units:
            inputs[k] = load(h, int32((q if counts else p) + k * UNITS))
    # F1
    states = h, (s + back) * units, state, N
    sums = multiply_states(plan, states, keep, plan[KEPT], u, (0, 0, GATES), left, right)
    for k in range(GATES):
        if own and j + k * UNITS < units:
            # F2
            store(h, int32(q + k * UNITS), value(tau, inputs[k] + sums[k]) if counts else inputs[k])


@kernel(
    grid=lambda dh, u, *others: step_blocks(len(dh), len(u)),
    static=["setting"],
    steps=lambda dh, u, mask, *others: mask.shape[1] + 1,
    plan=lambda dh, u, mask, keep, setting, h, dz, dh0: step_plan(keep, u, dz),
)
def backward(step, plan, dh, u, mask, keep, setting, h, dz, dh0):
    left = cuda.shared.array(LEFT_GATES, h.dtype, alignment=16)
    right = cuda.shared.array(RIGHT_GATES, h.dtype, alignment=16)
    N, T = mask.shape
    back, cut, tau = setting
    s, later = (step, step - 1) if back else (T - 1 - step, T - step)
    n, j, own = own_unit(plan, mask, UNITS)
    units, row, zero = plan[H], int32(n * T + s), like(0.0, h)
    counts, y, a, later_counts, handed, factor = False, zero, zero, False, zero, zero
    if own and step < T:  # on their way during the product
        counts, a = load(mask, row) != like(0.0, mask), given(dh, n, s, j, step)
        y = load(h, int32((n * (T + 1) + s + 1 - back) * units + j))
    if own and step > 0 and not (cut and (T - step) % cut == 0):  # B5
        later_counts, handed, factor = later_step(plan, mask, keep, dh0, n, later, j)
    if step > 0:
        # B3, of the step before in the loop
        total = multiply_gates(plan, (dz, later * units, T * units, N), u, 0, units, left, right)
        # B1
        a += total * factor if later_counts else handed
    if own and step < T:
        # B2, B4
        store(dz, int32(row * units + j), a * slope(tau, y) if counts else zero)
    if own and not counts:
        store(dh0, int32(n * units + j), a)
