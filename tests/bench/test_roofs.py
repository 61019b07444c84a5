"""The measured limits: what they count, and that they are limits."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import numbanet as nn
from numbanet.bench import roofs
from numbanet.bench.clock import alternate
from numbanet.devices import get_device
from numbanet.kernels import dense
from numbanet.kernels.multiply_add import cpu

SMALL = roofs.Sizes((2**10, 2**12), 20, 2)
ROOFS = Path(__file__).parents[2] / "bench" / "roofs.py"


@pytest.fixture(autouse=True)
def threads_as_before():
    before = nn.get_num_threads()
    yield
    nn.set_num_threads(before)


@pytest.fixture
def quick(monkeypatch):
    """Samples of no length."""
    for name in ("SAMPLE", "STRETCH", "PAUSE"):
        monkeypatch.setattr(roofs, name, 1e-6)


@pytest.mark.compiled
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_roof_has_every_limit(dtype, quick):
    roof = roofs.measure(get_device("cpu"), 1, dtype, 1, SMALL)
    assert (roof.device, roof.threads, roof.dtype) == ("cpu", 1, dtype)
    assert [level.bytes for level in roof.levels] == [2**10, 2**12]
    assert all(limit > 0 for limit in (roof.gflops, roof.launch_us, *(level.gbs for level in roof.levels)))


@pytest.mark.compiled
def test_the_reference_has_the_limits_of_one_thread(quick):
    roof = roofs.measure(get_device("reference"), 2, "float32", 1, SMALL)
    assert (roof.device, roof.threads) == ("reference", 1)
    assert roof.gflops > 0


@pytest.mark.compiled
@pytest.mark.skipif(nn.get_num_threads() < 2, reason="one processor")
def test_threads_are_those_before_the_measurement(quick):
    nn.set_num_threads(2)
    roofs.measure(get_device("cpu"), 1, "float32", 1, SMALL)
    assert nn.get_num_threads() == 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_flops_are_those_of_the_numbers_that_were_multiplied(dtype, quick, monkeypatch):
    bound = []
    monkeypatch.setattr(
        cpu.repeat, "bind", lambda *given: bound.append(given) or type(cpu.repeat).bind(cpu.repeat, *given)
    )
    nn.set_num_threads(1)
    adds = roofs.MultiplyAdds(get_device("cpu"), dtype, SMALL)
    _, _, turns, x = bound[-1]
    assert adds.flops == 2 * turns * x.size
    assert cpu.repeat.tasks(*bound[-1]) == 1
    x[...] = 7.0
    adds.run()
    assert np.allclose(x, 7.0 / 2**turns + 2 * (1 - 0.5**turns))


def test_bytes_are_those_of_the_copies_of_a_run(monkeypatch):
    monkeypatch.setattr(roofs, "TOGETHER", 2**13)
    assert roofs.Copies(get_device("cpu"), 2**12).bytes == 2 * 2**12
    assert roofs.Copies(get_device("cpu"), 2**14).bytes == 2**14


def test_large_arrays_are_copied_past_the_caches_too(monkeypatch):
    monkeypatch.setattr(roofs, "PAST", 2**12)
    assert [list(roofs.Copies(get_device("cpu"), size).runs) for size in (2**11, 2**12)] == [
        ["forward"],
        ["forward", "stream"],
    ]


@pytest.mark.parametrize(
    ("rounds", "milliseconds", "fastest", "left"),
    [
        (1, [5, 2], 5, 1),
        (2, [5, 5, 2], 5, 1),  # two agree
        (2, [5, 9, 4, 3, 7, 6, 1], 3, 1),  # no two agree: up to three times as many rounds
        (2, [5, 9, 4, 4, 1], 4, 1),
    ],
)
def test_the_fastest_round_counts_once_two_agree(rounds, milliseconds, fastest, left, monkeypatch):
    monkeypatch.setattr(roofs, "seconds", lambda run, count, wait: milliseconds.pop(0) / 1e3 * count)
    monkeypatch.setattr(roofs, "_once", lambda run, wait: 1.0)
    monkeypatch.setattr(roofs, "STRETCH", 0.0)
    monkeypatch.setattr(roofs, "PAUSE", 0.0)
    assert roofs.fastest(lambda: None, rounds, lambda: None) == pytest.approx(1e3 * fastest)
    assert len(milliseconds) == left


@pytest.mark.compiled
def test_no_kernel_of_ours_is_above_the_multiply_adds():
    nn.set_num_threads(1)
    adds = roofs.MultiplyAdds(get_device("cpu"), "float32")
    x, w, b, y = (np.ones(shape, "float32") for shape in ((256, 256), (256, 256), (256,), (256, 256)))
    kernels = get_device("cpu").kernels(dense)
    run = get_device("cpu").executor([kernels.forward.bind(x, w, b, y)], None).run
    times = alternate({"adds": adds.run, "dense": run}, 8, 0.001)
    assert 2.0 * 256**3 / times["dense"].best < 1.05 * adds.flops / times["adds"].best


@pytest.mark.cuda
@pytest.mark.compiled
def test_a_gpu_is_measured_with_its_own_kernels():
    from tests.ptx.compiler import numba_cuda

    numba_cuda()
    from tests.ptx.emulated import emulated

    device = emulated()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SAMPLE", "STRETCH", "PAUSE"):
            patch.setattr(roofs, name, 1e-6)
        patch.setattr(roofs, "TOGETHER", 1)
        roof = roofs.measure(device, 2, "float32", 1, replace(SMALL, launches=3, numbers=300))
    assert (roof.device, roof.threads) == ("cuda", 0)
    assert roof.gflops > 0
    assert len(roof.levels) == 2
    assert {name.split(".")[-3] for name in device.driver.launched} == {"multiply_add", "copy", "fill"}


@pytest.mark.nightly
@pytest.mark.compiled
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_limits_are_those_of_code_by_hand():
    command = [sys.executable, str(ROOFS), "--rounds", "40", "--threads", "1"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.endswith("% |")]
    shares = {row[0]: float(row[-1].rstrip("%")) for row in rows if len(row) == 9}
    spreads = [float(row[-1].rstrip("%")) for row in rows if len(row) == 6]
    assert min(share for name, share in shares.items() if "multiply-adds" in name) >= 95
    assert min(share for name, share in shares.items() if "copy" in name) >= 90
    assert len(shares) == 4
    assert len(spreads) == 2
    assert max(spreads) <= 5
