"""Numbers below the smallest normal one: zero inside kernels, and themselves everywhere else."""

import time

import numpy as np
import pytest

from numbanet.kernels._kernel import Executor
from numbanet.kernels.add import cpu as add
from numbanet.kernels.dense import cpu as dense

pytestmark = pytest.mark.compiled

SMALL = np.float32(1e-41)


@pytest.mark.parametrize("size", [5, 1_000_000], ids=["serial", "parallel"])
def test_they_are_zero_inside_and_stay_outside(size):
    x, y = np.full(size, SMALL), np.full(size, np.nan, "float32")
    x[1] = np.nan
    add.forward(x, x, y)
    assert np.isnan(y[1])
    y[1] = 0
    assert not y.any()
    assert x[0] + x[0] == 2 * SMALL > 0, "this thread has its own setting back"
    assert (x[2:] + x[2:]).all()


def seconds_of(executor):
    times = []
    for _ in range(20):
        start = time.perf_counter()
        executor.run()
        times.append(time.perf_counter() - start)
    return min(times)


def test_a_product_of_them_takes_no_longer():
    times = []
    for value in (np.float32(1), SMALL):
        x, w = np.full((32, 64), value), np.ones((64, 64), "float32")
        executor = Executor([dense.forward.bind(x, w, np.zeros(64, "float32"), np.empty((32, 64), "float32"))])
        times.append(seconds_of(executor))
    assert times[1] < 5 * times[0]
