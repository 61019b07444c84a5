"""part_sums, and fill beside it."""

import numpy as np
import pytest

from numbanet.kernels import fill, part_sums
from tests.oracles import DTYPES, assert_agrees, device_module, poisoned


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (128, 65), (5, 131)])
def test_parts_are_added_up(shape, dtype, device):
    parts = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    total = poisoned(parts[0])
    device_module(part_sums, device).forward(parts, total)
    assert_agrees(total, parts.astype("float64").sum(0))


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_nan_stays_in_its_column(device):
    parts, total = np.ones((4, 3), "float32"), np.zeros(3, "float32")
    parts[2, 1] = np.nan
    device_module(part_sums, device).forward(parts, total)
    assert np.array_equal(total, [4.0, np.nan, 4.0], equal_nan=True)


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_fill(dtype, device):
    y = np.full(37, np.nan, dtype)
    for value in (1.0, 0.0, 0.1):
        device_module(fill, device).constant(value, y)
        assert np.array_equal(y, np.full(37, value, dtype))
