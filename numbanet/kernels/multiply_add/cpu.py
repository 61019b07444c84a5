"""numbanet.kernels.multiply_add in registers: a task owns as many numbers as hide the latency.

A processor begins two multiply-adds of a whole vector in a cycle, four on NEON, and has each result 4 or 5 cycles
later. So it needs 10 to 20 vectors that do not wait for one another, and all of them, with a and b, fit into its
registers: the loop holds vfmadd and no load.
"""

from numba import types
from numba.extending import overload

from .._jit import DISABLED, INSTRUCTION_SET, inline, like
from .._kernel import kernel
from .._tile import stack

# 14 vectors are 1 % above 13 with AVX-512; with AVX2, 12 of 4 numbers do not vectorise. NEON is not measured
VECTORS, WIDTH = {"avx512": (14, 64), "avx2": (13, 32), "neon": (20, 16)}[INSTRUCTION_SET]
BYTES = 16 if DISABLED else VECTORS * WIDTH  # of the numbers of a task
NUMBERS, HALF = BYTES // 4, BYTES // 8  # in float32 and float64


def _make(numbers):
    """The loop for so many numbers, which LLVM has to know."""

    @inline
    def block(first, a, b, turns, x):
        held = stack(numbers, x)
        factor, term = like(a, x), like(b, x)
        count = min(numbers, x.size - first)
        for i in range(numbers):
            held[i] = term
        for i in range(count):
            held[i] = x[first + i]
        for _ in range(turns):
            for i in range(numbers):
                # F1
                held[i] = held[i] * factor + term
        for i in range(count):
            x[first + i] = held[i]

    return block


_single, _double = _make(NUMBERS), _make(HALF)


def _block(task, a, b, turns, x):
    if x.dtype.itemsize == 4:
        _single(task * NUMBERS, a, b, turns, x)
    else:
        _double(task * HALF, a, b, turns, x)


@overload(_block, inline="always")
def _block_by_type(task, a, b, turns, x):
    if x.dtype == types.float32:
        return lambda task, a, b, turns, x: _single(task * NUMBERS, a, b, turns, x)
    return lambda task, a, b, turns, x: _double(task * HALF, a, b, turns, x)


@kernel(
    tasks=lambda a, b, turns, x: -(-x.nbytes // BYTES),
    work=lambda a, b, turns, x: VECTORS * turns / 2 / 3e3,  # two vectors a cycle, at 3 GHz
)
def repeat(task, a, b, turns, x):
    _block(task, a, b, turns, x)
