"""The rungs on a GPU, without one: right on the PTX machine, and held by an SM's registers."""

import numpy as np
import pytest

from tests.ptx.compiler import numba_cuda

numba_cuda()

from numbanet.bench import cases  # noqa: E402
from numbanet.bench.ladders import OPERATIONS, ladder, variants  # noqa: E402
from numbanet.bench.verification import expected, verify  # noqa: E402
from tests.ptx.emulated import emulated  # noqa: E402

from . import assembled  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]
SIZES = {  # ones; primes; beyond tiles of 16 and 64, in rows of fours and in others
    "dense": ["1x1x1", "5x7x13", "67x36x72", "66x35x71"],
    "conv2d": ["1x1x1x1x1x1", "2x5x7x3x5x3", "1x9x8x4x72x3", "2x5x7x3x5x3x2", "1x5x7x2x67x5"],
    "lstm": ["1x1x1x1", "5x3x7x17", "18x2x4x36"],
}
RUNGS = [(operation, variant) for operation in OPERATIONS for variant in variants(operation, emulated())]
OWN = [(operation, variant) for operation, variant in RUNGS if "variants" in variant.kernel.name]


def of_rung(entry):
    return f"{entry[0]}-{entry[1].name}".replace(" ", "-")


def bound(operation, variant, shape, dtype, device):
    """The case, its arguments on the device, and the launch."""
    case = next(case for _, case in cases.of(operation, shape) if case.function == "forward")
    given = [device.take(a) if isinstance(a, np.ndarray) else a for a in case.make(dtype)]
    return case, given, variant.kernel.bind(*given)


def difference(operation, variant, shape, dtype):
    device = emulated()
    case, given, launch = bound(operation, variant, shape, dtype, device)
    device.executor([launch], None).run()
    return verify(case, dtype, expected(case), case.written(given))


@pytest.mark.parametrize("entry", OWN, ids=of_rung)
def test_every_rung_is_right(entry):
    operation, variant = entry
    for shape in SIZES[operation]:
        assert difference(operation, variant, shape, "float32") < 2e-6


@pytest.mark.slow
@pytest.mark.parametrize("entry", OWN, ids=of_rung)
def test_every_rung_is_right_in_float64(entry):
    operation, variant = entry
    for shape in SIZES[operation]:
        assert difference(operation, variant, shape, "float64") < 1e-13


@pytest.mark.parametrize("entry", OWN, ids=of_rung)
def test_registers_hold_everything(entry, tmp_path):
    operation, variant = entry
    _, _, launch = bound(operation, variant, SIZES[operation][2], "float32", emulated())
    for stage in {stage.ptx((9, 0)): stage for stage in launch.stages()}.values():
        found = assembled.examine(stage, (9, 0), tmp_path)
        assert found.spill_bytes == found.stack_bytes == 0
        assert not assembled.float64_arithmetic(stage, (9, 0))
        assert (found.wide_accesses > 0) == (variant.name == "vectorised")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_last_rung_is_the_kernel_of_the_library(operation):
    case = next(case for _, case in cases.of(operation, SIZES[operation][0]))
    assert variants(operation, emulated())[-1].kernel is case.kernel("cuda")


@pytest.mark.parametrize("entry", RUNGS, ids=of_rung)
def test_a_rung_is_explained_in_two_lines_and_shows_its_loop(entry):
    _, variant = entry
    assert len(variant.why.split("\n")) == 2
    assert f"def {variant.kernel.function.__name__}(" in variant.code


def test_every_rung_has_a_row():
    found = ladder("dense", emulated(), 2, "float32", "2x3x4", rounds=1)
    assert [rung.name for rung in found.rungs] == ["naive", "shared memory", "register tile", "vectorised", "library"]
    assert {rung.threads for rung in found.rungs} == {0}
    assert {rung.size for rung in found.rungs} == {"N=2 I=3 O=4"}
    assert found.device == "cuda"
