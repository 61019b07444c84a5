import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import numbanet as nn
from numbanet import cli, doctor
from numbanet.devices import driver as drivers
from numbanet.kernels import _cache, _machine
from tests.devices.fake import FakeApi
from tests.ptx.compiler import numba_cuda

ROOT = Path(nn.__file__).parent.parent


@pytest.fixture(autouse=True)
def _folders(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBANET_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NUMBANET_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(_cache, "store", _cache.Store())


def facts():
    return doctor.report()[0]


def test_it_prints_what_a_bug_report_needs(capsys):
    assert cli.main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines if not line.startswith(("warning", "a kernel"))]
    assert names == [
        *["numbanet", "python", "system", "packages", "processor", "vectors", "cores", "threads"],
        *["gpu", "cuda", "cache", "compiled", "data", "settings"],
    ]
    text = "\n".join(lines)
    for word in (nn.__version__, sys.version.split()[0], "numpy 2.", "numba 0.", "llvmlite 0."):
        assert word in text


def test_threads_are_those_that_kernels_run_on(monkeypatch):
    monkeypatch.setattr(doctor, "get_num_threads", lambda: 5)
    assert facts()["threads"].startswith("5, threading layer ")


@pytest.mark.parametrize(
    ("features", "vectors"),
    [
        ("+sse2,+avx,+avx2,+avx512f", "AVX-512 (512 bits)"),
        ("+sse2,+avx,+avx2,-avx512f", "AVX2 (256 bits)"),
        ("+sse2,+avx", "AVX (256 bits)"),
        ("+neon,+aes", "NEON (128 bits)"),
        ("", "none that is known here"),
    ],
)
def test_the_widest_vectors_are_named(monkeypatch, features, vectors):
    class Target:
        class target_context:
            class codegen:
                @staticmethod
                def magic_tuple():
                    return "x86_64-unknown-linux-gnu", "someone", features

    monkeypatch.setattr(_machine, "cpu_target", Target)
    assert (facts()["processor"], facts()["vectors"]) == ("someone", vectors)


@pytest.fixture
def gpu(monkeypatch):
    """What the doctor says of a GPU whose driver is a fake."""

    def say(**settings):
        monkeypatch.setattr(drivers, "_bindings", lambda: FakeApi(**settings))
        return doctor.report()

    return say


@pytest.mark.compiled
def test_a_gpu_is_described(gpu):
    pytest.importorskip("numba.cuda")
    found, _ = gpu()
    assert found["gpu"] == "Fake GPU, compute capability 9.0, 3 of 4 MiB free, driver for CUDA 13.0"


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fails": {"cuInit": [100]}}, "there is no NVIDIA GPU that this process may use"),
        ({"version": 11080}, "found one for 11.8. Update NVIDIA's driver"),
        ({"capability": (6, 1)}, "compute capability 7.0 or newer, found Fake GPU with 6.1"),
    ],
)
def test_why_a_gpu_cannot_be_used(gpu, settings, words):
    pytest.importorskip("numba.cuda")
    found, _ = gpu(**settings)
    assert found["gpu"].startswith("none that can be used: cuda: ")
    assert words in found["gpu"]


def test_without_the_packages_it_is_said_what_to_install(monkeypatch):
    for name in ("cuda", "cuda.bindings"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(doctor, "GPU_PACKAGES", ("no-such-package",))
    found, remarks = doctor.report()
    assert "pip install 'numbanet[cuda]'" in found["gpu"]
    assert found["cuda"] == "none"
    assert not any("cuda" in remark for remark in remarks)


@pytest.mark.compiled
def test_kernels_that_cannot_be_compiled_are_a_warning(gpu, monkeypatch):
    pytest.importorskip("numba.cuda")
    monkeypatch.setattr(doctor, "_cuda_launch", lambda: 1 / 0)
    found, remarks = gpu()
    assert found["gpu"].startswith("Fake GPU")
    assert remarks[-1] == "device='cuda' cannot be used: ZeroDivisionError: division by zero"


@pytest.mark.cuda
@pytest.mark.compiled
def test_a_kernel_is_compiled_for_the_gpu_and_loaded(gpu):
    numba_cuda()
    found, remarks = gpu()
    assert re.search(r"numba-cuda [\d.]+, .*; kernels become PTX \d+\.\d+$", found["cuda"])
    assert remarks == []
    _, remarks = gpu(fails={"cuModuleLoadData": [222]})
    assert "Update NVIDIA's driver, or install a compiler of its version" in remarks[-1]


def test_compiled_kernels_are_counted():
    assert facts()["compiled"].startswith("0 kernels, 0 KiB")
    folder = _cache.store.folder()
    before = len(_cache.store.sizes())  # the kernel that the report tries
    for k in range(3):
        _cache.store.write(f"{k:040x}", bytes(2016))
    (folder / "not_a_kernel").write_bytes(b"x")
    found = facts()
    assert found["cache"] == f"{folder}, writable"
    assert found["compiled"].startswith(f"{before + 3} kernels, ")
    assert sum(_cache.store.sizes()) >= 3 * 2048


def test_where_nothing_can_be_kept(tmp_path):
    (tmp_path / "cache").write_text("in the way")
    found, remarks = doctor.report()
    assert found["cache"] == f"{tmp_path / 'cache' / _cache.ROOM}, not used"
    assert found["compiled"] == "0 kernels kept"
    assert any("Set NUMBANET_CACHE_DIR" in remark for remark in remarks)


def test_downloads_and_settings(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(doctor.SETTINGS)]:
        monkeypatch.delenv(name)
    assert facts()["settings"] == "none in the environment"
    monkeypatch.setenv("NUMBANET_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NUMBANET_DATA_DIR", str(tmp_path / "data"))
    assert facts()["settings"] == f"NUMBANET_CACHE_DIR={tmp_path}/cache NUMBANET_DATA_DIR={tmp_path}/data"
    assert facts()["data"] == f"{tmp_path / 'data' / 'numbanet-data'} (nothing downloaded)"
    for name in ("mnist", "fashion_mnist"):
        (tmp_path / "data" / "numbanet-data" / name).mkdir(parents=True)
        (tmp_path / "data" / "numbanet-data" / name / "a.gz").touch()
    monkeypatch.setenv("NUMBA_OPT", "3")
    assert facts()["data"].endswith("(fashion_mnist, mnist)")
    assert "NUMBA_OPT=3" in facts()["settings"]


def test_what_fails_is_said_and_the_report_goes_on(monkeypatch):
    def fails(a):
        raise OSError("no\nlinker")

    monkeypatch.setattr(doctor, "is_finite", fails)
    found, remarks = doctor.report()
    assert found["a kernel"] == "fails"
    assert remarks[-1] == "no kernel can be compiled: OSError: no linker"
    assert "settings" in found
    monkeypatch.setattr(doctor, "is_finite", lambda a: True)
    found, remarks = doctor.report()
    assert found["a kernel"] == "is wrong"
    assert "finds NaN" in remarks[-1]


def test_a_package_that_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "NEEDED", ("numba", "llvmlittle"))
    monkeypatch.setattr(doctor, "OPTIONAL", ("no-such-package",))
    assert facts()["packages"].endswith(", no llvmlittle")


def elsewhere(code="", **settings):
    """What the doctor prints in a process of its own."""
    command = [sys.executable, "-c", f"import sys; {code}from numbanet.cli import main; sys.exit(main(['doctor']))"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | settings
    found = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout


@pytest.mark.compiled
def test_the_slow_threads_are_a_warning():
    printed = elsewhere("sys.modules |= {f'numba.np.ufunc.{name}pool': None for name in ('omp', 'tbb')}; ")
    assert "threading layer workqueue (slow to start" in printed
    assert printed.splitlines()[-1].startswith("warning: ")
    assert "apt-get install libgomp1" in printed


@pytest.mark.compiled
def test_a_threading_layer_that_is_not_there_is_a_warning():
    printed = elsewhere(NUMBA_THREADING_LAYER="nonsense")
    assert "threading layer none" in printed
    assert "\nwarning: " in printed
    assert "NUMBA_THREADING_LAYER=nonsense" in printed


@pytest.mark.compiled
def test_plain_python_is_said():
    printed = elsewhere(NUMBA_DISABLE_JIT="1")
    assert "loops run as plain Python" in printed
    assert "plain Python and right" in printed
