"""What a kernel's source says that it writes, beside what the cases of the benchmark know."""

import importlib

import pytest

from numbanet.bench import case
from numbanet.bench.cases import OPERATIONS
from numbanet.kernels import kernel
from numbanet.teach.tracing.written import written


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_kernel_of_the_library(operation, device, monkeypatch):
    monkeypatch.setattr(case, "DRAWN", 64)
    of = importlib.import_module(f"numbanet.bench.cases.{operation}")
    loops = importlib.import_module(f"numbanet.kernels.{operation}.{device}")
    for call in of.cases(**of.SIZES[-1]):
        loop = getattr(loops, call.function)
        given = zip(loop.parameters, call.arguments, strict=True)
        expected = {name for name, a in given if isinstance(a, case.Given) and a.written}
        assert set(written(loop)) == expected, call.function


@kernel()
def rows(x, y, count):
    for n in range(len(x)):
        y[n][0] = x[n, 0]
    count[0] += 1
    helped(len(x), x)


def helped(n, rows_of):
    rows_of[n - 1] = 0


def test_rows_of_rows_in_place_and_through_a_helper():
    assert written(rows) == ("x", "y", "count")


def test_without_source_it_is_the_last_parameter():
    space = {"__name__": "__main__"}
    exec("def loop(x, y):\n    y[0] = x[0]", space)
    assert written(kernel()(space["loop"])) == ("y",)
