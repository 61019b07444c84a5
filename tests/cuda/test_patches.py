"""Convolutions as products: every tile, and on tensor cores, where the reference gets rounded inputs."""

import importlib

import numpy as np
import pytest

from tests.kernels.convolutions import Configuration
from tests.oracles import assert_agrees
from tests.ptx.compiler import numba_cuda

numba_cuda()

from numbanet.kernels import _cuda_gemm, _cuda_mma, _cuda_patches  # noqa: E402
from numbanet.kernels.conv2d import reference  # noqa: E402
from tests.ptx.emulated import run  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]
ROUNDING = {"tf32": _cuda_mma.TF32_EVEN, "bf16": _cuda_mma.BF16}
CONFIGURATIONS = (
    Configuration(1, 6, 5, 3, 7, (3, 2), (1, 2), (2, 1, 2, 1), (2, 1)),
    Configuration(1, 8, 9, 8, 16, (3, 3), (2, 3), (1, 1, 1, 1), groups=2),
)
TILES = [("cuda", tile) for tile in (_cuda_gemm.LARGE, _cuda_gemm.MIDDLE, _cuda_patches.TALL)] + [
    ("bf16", _cuda_mma.LARGE)
]
# beyond every tile, with channels in fours and with others
BEYOND = (
    Configuration(1, 11, 13, 12, 132, (2, 2), padding=(1, 0, 0, 1)),
    Configuration(1, 15, 10, 33, 65, (1, 2), (2, 1), (1, 1, 0, 0)),
)


def products(it):
    """(name, arguments, an array like the result)"""
    x, w, b, dy = it.arrays("float32")
    yield "forward", (x, w, b), dy
    yield "forward_without_bias", (x, w), dy
    yield "backward_input", (dy, w), x
    yield "backward_kernel", (dy, x), w


def check(precision, it):
    module = importlib.import_module(f"numbanet.kernels.conv2d.{precision}")
    for name, arguments, result in products(it):
        found, expected = np.full_like(result, np.nan), np.empty(result.shape)
        report = run(getattr(module, name), *arguments, *it.geometry, found)
        kind = ROUNDING.get(precision)
        kept = [a if kind is None or a.ndim == 1 else _cuda_mma.rounded(a, kind) for a in arguments]
        getattr(reference, name)(*(a.astype("float64") for a in kept), *it.geometry, expected)
        assert_agrees(found, expected, 2e-6)
        # single numbers of float32, where channels do not come in fours, go to every fourth bank
        wide = all(a.shape[-1] % 4 == 0 for a in (*arguments, result))
        assert not wide or not report.bank_conflicts


@pytest.mark.parametrize("precision", ROUNDING)
@pytest.mark.parametrize("it", CONFIGURATIONS, ids=lambda it: f"{it.h}x{it.w}x{it.c}-{it.o}")
def test_rounded_convolutions(precision, it):
    check(precision, it)


@pytest.mark.parametrize(
    "it", [pytest.param(BEYOND[0], id="wide", marks=pytest.mark.nightly), pytest.param(BEYOND[1], id="odd")]
)
@pytest.mark.parametrize(("precision", "tile"), TILES, ids=lambda v: v if isinstance(v, str) else f"{v[0]}x{v[1]}")
def test_every_tile(precision, tile, it, monkeypatch):
    module = importlib.import_module(f"numbanet.kernels.conv2d.{precision}")
    for name, _, _ in products(it):
        slices = 2 if name == "forward" else 1
        monkeypatch.setattr(getattr(module, name).options.plan.__self__, "choose", lambda *_, s=slices: (tile, s))
    check(precision, it)
