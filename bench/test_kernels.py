"""Every kernel under pytest-benchmark: pytest bench --benchmark-only, or pytest bench -k conv2d

They run on the threads that numbanet has, at the first of their sizes, once they are right. What
--benchmark-json=kernels.json keeps, `numbanet bench report kernels.json --report page.html` makes a page of.
"""

from dataclasses import asdict
from functools import cache, lru_cache
from importlib import import_module

import pytest

import numbanet as nn
from numbanet.bench import cases, roofs
from numbanet.bench.kernels import limited, many, verified
from numbanet.bench.results import SUITE, Timing
from numbanet.bench.verification import expected
from numbanet.devices import get_device
from numbanet.kernels import Kernel

MOST = 0.2  # seconds of a kernel


def names():
    """Operations and their kernels."""
    for operation in cases.OPERATIONS:
        module = import_module(f"numbanet.kernels.{operation}.reference")
        for name, value in vars(module).items():
            if isinstance(value, Kernel) and not name.startswith("_"):
                yield operation, name


@lru_cache(1)
def of(operation):
    """The cases of one operation, while its kernels take their turns."""
    found = {}
    for size, case in cases.of(operation):
        found.setdefault(case.function, (size, case))
    return found


@cache
def roof(threads):
    return roofs.measure(get_device("cpu"), threads, "float32")


@pytest.mark.compiled
@pytest.mark.benchmark(max_time=MOST)
@pytest.mark.parametrize(("operation", "function"), list(names()))
def test_kernel(benchmark, operation, function):
    size, case = of(operation)[function]
    device, threads = get_device("cpu"), nn.get_num_threads()
    call, row = verified(case, size, device, (threads,), "float32", expected(case))
    assert not row.refused, row.refused
    benchmark.group = operation
    run, count = many(call, device)
    benchmark.extra_info["kernels in a run"] = count
    benchmark(run)
    if benchmark.stats:  # none with --benchmark-disable
        stats = benchmark.stats.stats
        timing = Timing(*(value * 1e6 / count for value in (stats.median, stats.q1, stats.q3, stats.min)))
        benchmark.extra_info[SUITE] = asdict(limited(row, timing, roof(threads), case))
        benchmark.extra_info["roof"] = asdict(roof(threads))
