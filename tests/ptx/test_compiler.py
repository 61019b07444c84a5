import sys

import numpy as np
import pytest

from . import compiler
from .compiler import assemble, compile_kernel, numba_cuda

numba_cuda()

from numba import float32, int32, types  # noqa: E402

from . import kernels  # noqa: E402

pytestmark = pytest.mark.compiled
POINTER, MATRIX = types.CPointer(float32), float32[:, ::1]


@pytest.mark.parametrize("capability", [(8, 0), (9, 0)], ids=["sm_80", "sm_90"])
def test_the_assembler_tells_what_a_kernel_needs(capability, tmp_path):
    product = compile_kernel(kernels.matmul, (MATRIX,) * 3 + (int32,) * 3, capability)
    found = assemble(product, tmp_path, capability)
    assert found.shared_bytes >= 2 * 32 * 32 * 4  # from 9.0 on, 1024 more for the system
    assert found.spill_bytes == 0
    assert found.wide_accesses == 0
    assert found.float64_instructions == 0
    assert 16 < found.registers < 128


def test_wide_accesses_are_counted(tmp_path):
    found = assemble(compile_kernel(kernels.copy4, (POINTER, POINTER, int32)), tmp_path)
    assert found.wide_accesses == 2


def test_a_budget_of_registers_shows_as_spills(tmp_path):
    product = compile_kernel(kernels.matmul, (MATRIX,) * 3 + (int32,) * 3)
    budget = product.ptx.replace("\n)\n{", "\n)\n.maxnreg 24\n{")
    assert assemble(product._replace(ptx=budget), tmp_path).spill_bytes > 0


def test_ptx_that_the_assembler_refuses_is_an_error(tmp_path):
    kernel = compile_kernel(kernels.add, (POINTER,) * 3 + (int32,))
    with pytest.raises(ValueError, match="ptxas refuses add"):
        assemble(kernel._replace(ptx=kernel.ptx.replace("add.f32", "add.f33")), tmp_path)


def test_without_an_assembler_its_tests_are_skipped(monkeypatch, tmp_path):
    monkeypatch.setattr(compiler, "ptxas", lambda: None)
    with pytest.raises(pytest.skip.Exception, match="no ptxas"):
        assemble(None, tmp_path)


def test_without_numba_cuda_tests_are_skipped(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba_cuda", None)
    with pytest.raises(pytest.skip.Exception, match="numba-cuda compiles the kernels"):
        numba_cuda()


def test_a_call_takes_one_argument_a_parameter():
    kernel = compile_kernel(kernels.add, (POINTER,) * 3 + (int32,))
    with pytest.raises(ValueError, match="argument"):
        kernel((1,), (32,), 1)


def test_an_array_has_the_type_of_its_parameter():
    kernel = compile_kernel(kernels.add, (POINTER,) * 3 + (int32,))
    x = np.zeros(4)
    with pytest.raises(TypeError, match="an array of float64"):
        kernel((1,), (32,), x, x, x, 4)
