"""What NVIDIA's assembler makes of every CUDA kernel."""

import pytest

from tests.ptx.compiler import numba_cuda

numba_cuda()

from . import assembled, cases  # noqa: E402

IN_FLOAT64 = ["mean.forward", "regularization.penalty"]  # sums of which the contracts say so
pytestmark = [pytest.mark.compiled, pytest.mark.cuda]


@pytest.mark.parametrize("case", assembled.first_cases(), ids=str)
def test_registers_hold_everything(case, tmp_path):
    for launch in assembled.launches(case, (9, 0)):
        for capability in assembled.CAPABILITIES:
            found = assembled.examine_retargeted(launch, capability, tmp_path)
            assert found.spill_bytes == 0
            assert found.registers * launch.threads <= 65536


@pytest.mark.slow
@pytest.mark.parametrize("case", assembled.first_cases(), ids=str)
def test_older_gpus_get_the_same_code(case):
    for launch in assembled.launches(case, (9, 0)):
        assert assembled.plain(launch.ptx((8, 0))) == assembled.plain(launch.ptx((9, 0)))


@pytest.mark.parametrize("case", assembled.first_cases(), ids=str)
def test_float32_is_not_computed_in_float64(case):
    by_contract = f"{case.operation}.{case.function}" in IN_FLOAT64
    if by_contract or any(isinstance(given, cases.Given) and given.double for given in case.arguments):
        pytest.skip("its contract has float64")
    for launch in assembled.launches(case, (9, 0)):
        if launch.threads > 1:  # numbers that all threads share are computed by one
            assert not assembled.float64_arithmetic(launch, (9, 0))
