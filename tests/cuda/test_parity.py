"""Every CUDA kernel as PTX on the machine, against the reference in float64."""

import numpy as np
import pytest

from tests.oracles import assert_agrees
from tests.ptx.compiler import numba_cuda

numba_cuda()

from tests.ptx.emulated import run  # noqa: E402

from . import cases  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]
EVERYTHING = cases.everything()

# of each function's cases some, from the first to the last, in .ci/run; all of them in .ci/nightly
AMONG = 4


def by_function():
    found = {}
    for case in EVERYTHING:
        found.setdefault((case.operation, case.function), []).append(case)
    return found.values()


FIRST = [own[0] for own in by_function()]
SOME = {id(case) for own in by_function() for case in [*own[:: -(-len(own) // AMONG)], own[-1]]}


def agree(case, dtype):
    expected, found = case.make("float64"), case.make(dtype)
    case.kernel("reference")(*expected)
    report = run(case.kernel("cuda"), *found)
    for right, ours in zip(case.written(expected), case.written(found), strict=True):
        if right.dtype.kind == "f":
            empty = np.isnan(right)  # what the kernel leaves alone, or what has no value
            np.testing.assert_array_equal(np.isnan(ours), empty)
            if not empty.all():
                assert_agrees(ours[~empty], right[~empty], 2e-6 if dtype == "float32" else 1e-12)
        else:
            np.testing.assert_array_equal(ours, right)
    return report


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=str(c), marks=[pytest.mark.nightly] * (id(c) not in SOME)) for c in EVERYTHING]
)
def test_float32(case):
    agree(case, "float32")


@pytest.mark.slow
@pytest.mark.parametrize("case", FIRST, ids=str)
def test_float64(case):
    agree(case, "float64")


@pytest.mark.parametrize("operation", cases.OPERATIONS)
def test_every_kernel_has_a_case(operation):
    from tests.test_structure import kernels_of

    assert {c.function for c in cases.of(operation)} == set(kernels_of(operation, "cuda"))
