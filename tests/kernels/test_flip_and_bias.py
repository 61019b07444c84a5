import numpy as np
import pytest

from numbanet.kernels import bias, flip
from tests.oracles import DTYPES, assert_agrees, assert_gradient, device_module, poisoned

DEVICES = ("reference", "cpu")
WINDOWS = [(1, 1, 1, 1), (1, 4, 2, 3), (3, 2, 5, 1), (5, 5, 7, 33)]
ROWS = [(1, 1), (1, 7), (13, 5), (67, 31), pytest.param((3001, 17), marks=pytest.mark.compiled)]


def values(*shape, dtype="float64"):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", WINDOWS, ids=str)
def test_flip_turns_the_window_round(shape, dtype, device):
    forward = device_module(flip, device).forward
    w = values(*shape, dtype=dtype)
    flipped, again = poisoned(w), poisoned(w)
    forward(w, flipped)
    assert np.array_equal(flipped, w[::-1, ::-1])
    forward(flipped, again)
    assert np.array_equal(again, w)


def test_flip_is_its_own_gradient():
    forward = device_module(flip, "reference").forward
    w, dflipped = values(3, 2, 2, 3), values(3, 2, 2, 3) + 1
    flipped, dw = poisoned(w), poisoned(w)

    def loss():
        forward(w, flipped)
        return float((flipped * dflipped).sum())

    forward(dflipped, dw)
    assert_gradient(dw, loss, w)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", ROWS, ids=str)
def test_bias_is_added_to_every_row(shape, dtype, device):
    b, y = values(shape[1], dtype=dtype), values(*shape, dtype=dtype)
    expected = y.astype("float64") + b
    device_module(bias, device).forward(b, y)
    assert_agrees(y, expected)


@pytest.mark.parametrize("device", DEVICES)
def test_bias_passes_nan(device):
    b, y = np.array([1.0, np.nan, 2.0]), np.zeros((2, 3))
    y[0, 0] = np.nan
    device_module(bias, device).forward(b, y)
    assert np.isnan(y).tolist() == [[True, True, False], [False, True, False]]
