"""bench/gpu.py: a rehearsal without a GPU, and what it makes of items that fail."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.ptx.compiler import numba_cuda

BENCH = Path(__file__).parents[1] / "bench"
STUB = """
import json, os, sys, time
for name in ["good", "dies", "fails", "hangs", "last"][int(sys.argv[sys.argv.index("--skip") + 1]) :]:
    print("BEGIN " + name, flush=True)
    if name == "dies":
        os._exit(9)
    if name == "hangs":
        time.sleep(60)
    print("ROW " + json.dumps({"name": name} | ({"problem": "oh"} if name == "fails" else {})), flush=True)
    if name == "fails":
        sys.exit(3)
"""


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import gpu

    return gpu


def test_a_section_goes_on_behind_what_fails(gpu, monkeypatch, tmp_path):
    (tmp_path / "stub.py").write_text(STUB)
    monkeypatch.setattr(gpu, "__file__", str(tmp_path / "stub.py"))
    monkeypatch.setattr(gpu, "ITEM", 3)
    section = gpu.Section("parity", SimpleNamespace(out=str(tmp_path), quick=True))
    section.run(50)
    assert [row["name"] for row in section.rows] == ["good", "dies", "fails", "hangs", "last"]
    assert [row.get("problem") for row in section.rows] == [None, "ended the process with 9", "oh", "hangs", None]
    assert section.note == ""


def test_the_time_of_a_section_is_limited(gpu, monkeypatch, tmp_path):
    (tmp_path / "stub.py").write_text(STUB.replace('name == "hangs"', "True"))
    monkeypatch.setattr(gpu, "__file__", str(tmp_path / "stub.py"))
    section = gpu.Section("parity", SimpleNamespace(out=str(tmp_path), quick=True))
    section.run(2)
    assert section.note == "The time was up at good."


def test_a_process_that_cannot_begin(gpu, monkeypatch, tmp_path):
    (tmp_path / "stub.py").write_text("raise ImportError('no numba-cuda')")
    monkeypatch.setattr(gpu, "__file__", str(tmp_path / "stub.py"))
    section = gpu.Section("parity", SimpleNamespace(out=str(tmp_path), quick=True))
    section.run(50)
    assert section.note == "The process ended with 1 before its first item. See parity.log."
    assert "no numba-cuda" in (tmp_path / "parity.log").read_text()


@pytest.mark.cuda
@pytest.mark.compiled
def test_a_rehearsal_has_a_row_for_each_item(tmp_path):
    numba_cuda()
    command = [sys.executable, str(BENCH / "gpu.py"), "--quick", "--out", str(tmp_path), "--seconds", "400"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["about"]["GPU"] == "PTX machine"
    assert list(found["sections"]) == ["compiling", "parity", "training", "kernels", "steps"]
    for name, section in found["sections"].items():
        assert section["note"] == "", name
        assert section["rows"], name
        assert not [row for row in section["rows"] if "problem" in row or "missing" in row]
    assert all(row["right"] for name in ("parity", "training") for row in found["sections"][name]["rows"])
    assert (tmp_path / "results.md").read_text() in printed
