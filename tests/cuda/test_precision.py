"""Products on tensor cores, against the reference with rounded inputs and within the bound of that rounding."""

import importlib

import numpy as np
import pytest

from tests.oracles import assert_agrees
from tests.ptx.compiler import numba_cuda

numba_cuda()

from numbanet.kernels import _cuda_mma  # noqa: E402
from numbanet.kernels.dense import reference  # noqa: E402
from tests.ptx.emulated import emulated, run  # noqa: E402

from . import assembled  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]
# how, and with which relative error at most, numbers are rounded
ROUNDING = {"tf32": (_cuda_mma.TF32_EVEN, 2.0**-11), "bf16": (_cuda_mma.BF16, 2.0**-8)}
SIZES = [(1, 1, 1), (7, 13, 3), (36, 68, 76), (5, 700, 12)]
CHOICES = [(_cuda_mma.SMALL, 3), (_cuda_mma.LARGE, 1), (_cuda_mma.LARGE, 2)]


def products(N, I, O):
    """(name, arguments, an array like the result)"""
    random = np.random.default_rng(N + I + O)
    x, w, b, dy = (random.standard_normal(shape).astype("float32") for shape in ((N, I), (I, O), (O,), (N, O)))
    yield "forward", (x, w, b), dy
    yield "forward_without_bias", (x, w), dy
    yield "backward_input", (dy, w), x
    yield "backward_kernel", (dy, x), w


def correct(name, arguments, result):
    expected = np.empty(result.shape)
    getattr(reference, name)(*(a.astype("float64") for a in arguments), expected)
    return expected


def choose(precision, choice, monkeypatch):
    """Have all products take this tile and so many slices."""
    module = importlib.import_module(f"numbanet.kernels.dense.{precision}")
    for name, _, _ in products(1, 1, 1):
        monkeypatch.setattr(getattr(module, name).options.plan.__self__, "choose", lambda M, N, K, itemsize: choice)


def check(precision, size):
    module = importlib.import_module(f"numbanet.kernels.dense.{precision}")
    kind, error = ROUNDING[precision]
    for name, arguments, result in products(*size):
        found = np.full_like(result, np.nan)
        report = run(getattr(module, name), *arguments, found)
        kept = [a if a.ndim == 1 else _cuda_mma.rounded(a, kind) for a in arguments]
        assert_agrees(found, correct(name, kept, result), 2e-6)
        # each product is off by two roundings at most, and the sums by little
        bound = correct(name, [abs(a) for a in arguments], result) * (2 * error + error**2) + 1e-5
        assert (abs(found - correct(name, arguments, result)) <= bound).all()
        # single numbers, where rows are no multiple of 16 bytes, go to every fourth bank
        wide = all(a.shape[-1] % 4 == 0 for a in arguments)
        assert not {text for text in report.bank_conflicts if wide or "cp.async" not in text}


@pytest.mark.parametrize("precision", ROUNDING)
@pytest.mark.parametrize("size", SIZES, ids=lambda s: "x".join(map(str, s)))
def test_rounded_products(precision, size):
    check(precision, size)


@pytest.mark.parametrize("precision", ROUNDING)
@pytest.mark.parametrize("choice", CHOICES, ids=lambda c: f"{c[0][0]}x{c[0][1]}-{c[1]}")
@pytest.mark.parametrize("wide", [True, False], ids=["wide", "odd"])
def test_every_tile(precision, choice, wide, monkeypatch):
    (rows, columns, *_), slices = choice
    size = (rows + 4, 20 * slices, columns + 8) if wide else (rows + 3, 16 * slices + 3, columns + 1)
    choose(precision, choice, monkeypatch)
    check(precision, size)


@pytest.mark.parametrize("precision", ROUNDING)
def test_not_a_number_stays(precision):
    module = importlib.import_module(f"numbanet.kernels.dense.{precision}")
    x, w = np.ones((5, 8), "f4"), np.ones((8, 6), "f4")
    x[1, 3], w[7, 2] = np.nan, np.array(0x7FFFFFFF, "u4").view("f4")  # what GPUs make
    y = np.zeros((5, 6), "f4")
    run(module.forward_without_bias, x, w, y)
    expected = np.zeros((5, 6), bool)
    expected[1], expected[:, 2] = True, True
    np.testing.assert_array_equal(np.isnan(y), expected)


def test_ties_go_away_from_zero_before_9_0():
    from numbanet.kernels.dense import tf32

    x = np.array([[0x3F801000], [0xBF803000]], "u4").view("f4")
    y = np.zeros((2, 1), "f4")
    run(tf32.forward_without_bias, x, np.ones((1, 1), "f4"), y, device=emulated((8, 0)))
    np.testing.assert_array_equal(y, _cuda_mma.rounded(x, _cuda_mma.TF32))
    assert y.view("u4").tolist() == [[0x3F802000], [0xBF804000]]


@pytest.mark.parametrize("capability", assembled.CAPABILITIES, ids=["sm_80", "sm_90"])
@pytest.mark.parametrize("size", [(64, 64, 64), (65, 67, 66)], ids=["wide", "odd"])
@pytest.mark.parametrize("tile", _cuda_mma.TILES, ids=lambda t: f"{t[0]}x{t[1]}")
@pytest.mark.parametrize("precision", ROUNDING)
def test_registers_hold_everything(precision, tile, size, capability, tmp_path, monkeypatch):
    module = importlib.import_module(f"numbanet.kernels.dense.{precision}")
    device = emulated(capability)
    choose(precision, (tile, 1), monkeypatch)
    for name, arguments, result in products(*size):
        launch = getattr(module, name).bind(*map(device.take, (*arguments, result)))
        found = assembled.examine(launch, capability, tmp_path)
        assert found.spill_bytes == 0
        assert found.registers * launch.threads * _cuda_mma.TILES[tile][1] <= 65536
