"""`numbanet bench kernels` on a GPU: the same rows, and the same refusals, on the PTX machine."""

import pytest

from tests.ptx.compiler import numba_cuda

numba_cuda()

from numbanet.bench.kernels import measure  # noqa: E402
from numbanet.bench.results import Level, Roof  # noqa: E402
from numbanet.kernels.mean_error import cuda as mean_error  # noqa: E402
from tests.ptx.emulated import emulated  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]


def rows(operation, shape):
    levels = (Level(1e5, 200.0), Level(1e9, 10.0))
    return list(
        measure(
            [operation],
            [emulated()],
            (1, 2),
            "float32",
            lambda device, threads: Roof(device.name, threads, "float32", 100.0, levels, 0.1),
            shape,
            rounds=1,
        )
    )


def test_a_gpu_has_one_row_and_copies_apart():
    (row,) = rows("bias", "3x5")
    assert not row.refused
    assert (row.device, row.threads) == ("cuda", 0)
    assert row.copy_us > 0
    assert row.time.best > 0
    assert row.error < 1e-6


def test_a_planted_error_is_refused(monkeypatch):
    monkeypatch.setattr(mean_error, "absolute", mean_error.squared)
    wrong, right = rows("mean_error", "3x5")
    assert "mean_error.absolute" in wrong.refused
    assert wrong.time is None
    assert right.time.best > 0
