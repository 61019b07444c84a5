"""The loop whose speed is the limit of the arithmetic: it computes what it says, and does nothing else meanwhile."""

import numpy as np
import pytest

from numbanet.kernels import multiply_add
from numbanet.kernels._jit import INSTRUCTION_SET
from numbanet.kernels.multiply_add import cpu
from tests.kernels.machine_code import assembly, loops
from tests.oracles import DTYPES, assert_agrees, device_module

SIZES = [1, 3, 7, pytest.param(5 * cpu.NUMBERS + 1, marks=pytest.mark.compiled)]
REGISTERS = {"avx512": "zmm", "avx2": "ymm"}


def expected(a, b, turns, x):
    """The sum of the geometric series."""
    return a**turns * x + b * (1 - a**turns) / (1 - a)


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("turns", [0, 1, 2, 9])
@pytest.mark.parametrize("size", SIZES)
def test_turns_follow_the_geometric_series(size, turns, dtype, device):
    x = np.linspace(-3.0, 5.0, size).astype(dtype)
    right = expected(-0.7, 1.1, turns, x.astype("float64"))
    device_module(multiply_add, device).repeat(-0.7, 1.1, turns, x)
    assert_agrees(x, right)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_thread_has_one_task(dtype):
    numbers = cpu.BYTES // np.dtype(dtype).itemsize
    assert [cpu.repeat.tasks(0.5, 1.0, 1, np.zeros(n, dtype)) for n in (1, numbers, numbers + 1)] == [1, 1, 2]


@pytest.mark.compiled
@pytest.mark.skipif(INSTRUCTION_SET not in REGISTERS, reason="reads the code of x86")
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_loop_holds_multiply_adds_of_registers_alone(dtype):
    text = assembly(cpu.repeat, 0.5, 1.0, 9, np.zeros(9, dtype))
    (loop,) = (found for found in loops(text) if any("vfmadd" in line for line in found))
    adds = [line for line in loop if line.startswith(f"vfmadd213{'ps' if dtype == 'float32' else 'pd'}")]
    assert len(adds) == cpu.VECTORS
    assert all(line.count(REGISTERS[INSTRUCTION_SET]) == 3 for line in adds)
    assert len(loop) <= len(adds) + 3  # count, compare and jump
