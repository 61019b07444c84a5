"""bench/: the comparison runs, and the peers start from the same loss."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def bench(monkeypatch):
    """Imports of the scripts' modules, as they import each other."""
    monkeypatch.syspath_prepend(str(BENCH))


def run(script, *arguments):
    command = [sys.executable, str(BENCH / script), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.mark.compiled
def test_comparison_prints_a_table():
    text = run("compare.py", "--only", "MLP 2-8-1", "--threads", "1", "--rounds", "1", "--peers", "")
    row = next(line for line in text.splitlines() if line.startswith("| MLP 2-8-1, batch 4"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == "1"
    assert float(cells[2]) > 0


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize("name", ["MLP 64-32-10", "LeNet-5", "CNN 32-64 +", "BatchNorm"])
def test_peers_agree_at_the_first_step(name):
    peers = [peer for peer in ("torch", "jax", "sklearn") if importlib.util.find_spec(peer)]
    if not peers:
        pytest.skip("no peer is installed")
    text = run("compare.py", "--only", name, "--threads", "2", "--rounds", "1", "--peers", ",".join(peers))
    assert "Geometric mean" in text


def test_a_section_of_the_results_is_replaced_and_the_others_stay(bench, tmp_path):
    from report import write_section

    results = tmp_path / "RESULTS.md"
    write_section("Kernels", "| a |", results=results)
    write_section("Memory", "old", results=results)
    write_section("Memory", "new", results=results)
    text = results.read_text()
    assert text.startswith("# Measured results")
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Kernels", "## Memory"]
    assert "| a |" in text
    assert "new" in text
    assert "old" not in text
    assert "numpy" in text


@pytest.mark.compiled
def test_stretches_take_turns(bench):
    from numbanet.bench.clock import alternate

    order = []
    times = alternate({name: (lambda name=name: order.append(name)) for name in "ab"}, rounds=2, stretch=0.0)
    turns = "".join(order)
    assert turns.rindex("a") > turns.index("b")
    assert [len(t.values) for t in times.values()] == [2, 2]
    assert times["a"].best <= times["a"].median


def test_names_of_timed_operations_differ(bench):
    from operations import operations

    names = [operation.name for operation in operations()]
    assert len(names) == len(set(names))
    assert {operation.family for operation in operations("dense")} == {"dense"}


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_mapped_file_grows_the_process_by_less_than_its_size():
    text = run("memory_mapped.py", "--gigabytes", "0.6")
    growth = int(text.split("grows by ")[1].split()[0])
    assert growth < 300


@pytest.mark.slow
@pytest.mark.compiled
def test_prefetching_prints_a_row_for_each_generator():
    text = run("prefetch.py", "--steps", "10", "--rounds", "1")
    rows = [line for line in text.splitlines() if line.startswith(("| asleep", "| computing"))]
    assert len(rows) == 6
    assert all("%" in row for row in rows)


@pytest.mark.nightly
@pytest.mark.compiled
def test_the_suite_of_all_kernels_feeds_the_report(tmp_path):
    from numbanet.bench.results import read

    kept = tmp_path / "suite.json"
    command = [sys.executable, "-m", "pytest", "-q", "bench", "--benchmark-only", "-k", "fill or bias-forward"]
    text = subprocess.run(
        [*command, f"--benchmark-json={kept}"], cwd=BENCH.parent, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert "of what memory would allow" in text
    found = read(kept)
    assert {"fill.constant", "bias.forward"} <= {f"{row.operation}.{row.function}" for row in found.kernels}
    assert all(row.time.best > 0 and row.share > 0 for row in found.kernels)
    assert len(found.roofs) == 1
    assert found.commands[0].startswith("pytest -q bench --benchmark-only")


def test_results_of_the_command_become_a_section(bench, tmp_path, monkeypatch):
    import report
    import whole

    from .bench.samples import results

    kept = tmp_path / "all.json"
    results().write(kept)
    monkeypatch.setattr(sys, "argv", ["bench/whole.py", str(kept)])
    monkeypatch.setattr(report.write_section, "__kwdefaults__", {"results": tmp_path / "RESULTS.md"})
    whole.main()
    text = (tmp_path / "RESULTS.md").read_text()
    assert "## numbanet bench" in text
    assert "### Kernels" in text
    assert text.count("\n## ") == 1


@pytest.mark.slow
@pytest.mark.compiled
def test_standalone_exports_are_timed_beside_onnxruntime():
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    text = run("standalone.py", "--only", "mlp-tiny", "--rounds", "1")
    times, sizes = (line for line in text.splitlines() if line.startswith("| MLP 2-8-1"))
    assert all(float(cell) > 0 for cell in times.strip("|").split("|")[1:])
    assert float(sizes.strip("|").split("|")[2]) > 0
