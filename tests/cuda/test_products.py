"""The tiles of matrix products, each with and without slices, whatever `plan_of` would take."""

import numpy as np
import pytest

from tests.oracles import assert_agrees
from tests.ptx.compiler import numba_cuda

numba_cuda()

from numbanet.kernels import _cuda_gemm  # noqa: E402
from numbanet.kernels.dense import cuda, reference, tf32  # noqa: E402
from tests.ptx.emulated import emulated, run  # noqa: E402

from . import assembled  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]
TILES = [
    (_cuda_gemm.SMALL, 1),
    (_cuda_gemm.MIDDLE, 1),
    (_cuda_gemm.LARGE, 1),
    (_cuda_gemm.SMALL, 3),
    (_cuda_gemm.MIDDLE, 4),
    (_cuda_gemm.LARGE, 2),
]


def arrays(N, I, O):
    random = np.random.default_rng(N + I + O)
    return tuple(random.standard_normal(shape).astype("float32") for shape in ((N, I), (I, O), (O,), (N, O)))


@pytest.mark.parametrize(
    "wide", [pytest.param(True, id="wide", marks=pytest.mark.nightly), pytest.param(False, id="odd")]
)
@pytest.mark.parametrize("choice", TILES, ids=lambda c: f"{c[0][0]}x{c[0][1]}-{c[1]}")
def test_every_tile(choice, wide, monkeypatch):
    (rows, columns, *_), slices = choice
    size = (rows + 4, 36 * slices, columns + 8) if wide else (rows + 3, 32 * slices + 3, columns + 2)
    x, w, b, dy = arrays(*size)
    for name, arguments, result in (
        ("forward", (x, w, b), dy),
        ("forward_without_bias", (x, w), dy),
        ("backward_input", (dy, w), x),
        ("backward_kernel", (dy, x), w),
    ):
        kernel = getattr(cuda, name)
        monkeypatch.setattr(kernel.options.plan.__self__, "choose", lambda M, N, K, itemsize: choice)
        found, expected = np.full_like(result, np.nan), np.empty(result.shape)
        report = run(kernel, *arguments, found)
        getattr(reference, name)(*(a.astype("float64") for a in arguments), expected)
        assert_agrees(found, expected, 2e-6)
        assert not {text for text in report.bank_conflicts if "ld.shared" in text}


@pytest.mark.parametrize("capability", assembled.CAPABILITIES, ids=["sm_80", "sm_90"])
@pytest.mark.parametrize("size", [(64, 64, 64), (65, 67, 66)], ids=["wide", "odd"])
@pytest.mark.parametrize("tile", _cuda_gemm.TILES, ids=lambda t: f"{t[0]}x{t[1]}")
def test_registers_hold_everything(tile, size, capability, tmp_path, monkeypatch):
    x, w, b, y = map(emulated(capability).take, arrays(*size))
    for slices in (1, 2):
        for kernel, arguments in (
            (cuda.forward, (x, w, b, y)),
            (cuda.backward_input, (y, w, x)),
            (cuda.backward_kernel, (y, x, w)),
        ):
            monkeypatch.setattr(kernel.options.plan.__self__, "choose", lambda M, N, K, itemsize, s=slices: (tile, s))
            found = assembled.examine(kernel.bind(*arguments), capability, tmp_path)
            assert found.spill_bytes == 0


@pytest.mark.parametrize("module", [cuda, tf32], ids=["cuda", "tf32"])
def test_parts_of_arrays_need_not_begin_at_16_bytes(module):
    x, w, _, y = arrays(12, 8, 16)
    device = emulated()
    given = [device.take(np.append(np.float32(0), a))[1:].reshape(a.shape) for a in (x, w, y)]
    module.forward_without_bias(*given)
    expected = np.empty(y.shape)
    reference.forward_without_bias(x.astype("float64"), w.astype("float64"), expected)
    assert_agrees(np.array(given[2]), expected, 2e-6 if module is cuda else 2e-3)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (4096, 4096, 4096), (60000, 10, 128), (128, 10, 60000), (1, 4096, 4096)])
@pytest.mark.parametrize("itemsize", [4, 8])
def test_plan_fits(sizes, itemsize):
    M, N, K = sizes
    tile, slices = _cuda_gemm.plan_of(M, N, K, itemsize)
    rows, columns, depth, own_rows, own_columns = tile
    threads = _cuda_gemm.threads_of(tile)
    assert threads in range(32, 1025, 32)
    assert own_rows * own_columns <= _cuda_gemm.SUMS
    assert max(rows, columns) * depth // threads <= _cuda_gemm.HELD
    assert 2 * max(_line(tile, rows), _line(tile, columns)) <= _cuda_gemm.PART
    assert 1 <= slices <= max(1, K // _cuda_gemm.SMALL[2])


def _line(tile, extent):
    """The elements of a buffer of a part."""
    return tile[2] * (extent + 4) + tile[2] // 8 * (128 // tile[2])
