"""Kernels and passes of layers under pytest-benchmark: pytest bench, or pytest bench -k conv2d

They run on the threads that numbanet has; what a second holds of them is in extra_info, and printed at the end.
"""

import pytest
from operations import operations

import numbanet as nn
from numbanet.kernels._kernel import Executor


@pytest.mark.compiled
@pytest.mark.parametrize("operation", operations(), ids=lambda o: o.name)
def test_kernel(benchmark, operation):
    bound, _ = operation.ours()
    benchmark.group = operation.family
    benchmark.extra_info["threads"] = nn.get_num_threads()
    benchmark(Executor(bound).run)
    if benchmark.stats:  # none with --benchmark-disable
        benchmark.extra_info[operation.unit] = round(operation.work / benchmark.stats.stats.median / 1e9, 1)
