"""Copies by ordinary stores and by those that go past the caches."""

import platform

import numpy as np
import pytest

from numbanet.kernels import copy
from numbanet.kernels.copy import cpu
from tests.kernels.machine_code import assembly
from tests.oracles import device_module

SIZES = [1, 15, 16, 67, pytest.param(3 * 16384 + 5, marks=pytest.mark.compiled)]


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("function", ["forward", "stream"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("offset", [0, 1, 5])
@pytest.mark.parametrize("size", SIZES)
def test_every_element_is_copied_and_nothing_beside_them(size, offset, dtype, function, device):
    x = np.arange(1, size + 1).astype(dtype)
    y = np.full(size + 2 * offset, -1, dtype)
    getattr(device_module(copy, device), function)(x, y[offset : offset + size])
    assert np.array_equal(y[offset : offset + size], x)
    assert (y[:offset] == -1).all()
    assert (y[offset + size :] == -1).all()


@pytest.mark.compiled
@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="reads the code of x86")
@pytest.mark.parametrize(("kernel", "past"), [(cpu.forward, False), (cpu.stream, True)], ids=["forward", "stream"])
def test_stores_that_stream_are_vectors_in_the_machine_code(kernel, past):
    text = assembly(kernel, np.zeros(99, "float32"), np.zeros(99, "float32"))
    assert ("vmovntp" in text) == past
    assert ("sfence" in text) == past
