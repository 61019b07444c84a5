"""`numbanet bench` as it is typed: what it prints and writes, its exit code, and what it refuses before it measures."""

import json

import pytest

from numbanet import cli
from numbanet.bench import ladders, roofs
from numbanet.bench.results import FORMAT, Level, Results, Roof, read
from numbanet.bench.session import Session
from numbanet.bench.verification import WrongResult
from numbanet.errors import FileError
from numbanet.kernels import kernel
from numbanet.kernels.fill import cpu as fill

PNG = b"\x89PNG"
pytestmark = pytest.mark.compiled  # plain Python is refused


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    """Made up: measuring them takes seconds."""
    levels = (Level(1e4, 400.0), Level(1e8, 20.0))
    monkeypatch.setattr(
        roofs, "measure", lambda device, threads, dtype: Roof(device.name, threads, dtype, 1e9, levels, 0.1)
    )


def bench(*arguments):
    return cli.main(["bench", *arguments])


QUICK = "--threads", "1", "--rounds", "1"


def test_kernels_are_printed_kept_and_reported(capsys, tmp_path):
    kept = "--json", "found.json", "--report", "page.html", "table.md"
    assert bench("kernels", "--op", "fill", "bias", "--device", "cpu", "reference", *QUICK, *kept) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("fill.constant") for line in lines) == 2
    assert any(line.startswith("bias.forward") for line in lines)
    assert lines[-2:] == ["written: page.html", "written: table.md"]
    found = read("found.json")
    assert {(row.operation, row.device) for row in found.kernels} == {
        (operation, device) for operation in ("fill", "bias") for device in ("cpu", "reference")
    }
    (command,) = found.commands
    assert command.startswith("numbanet bench kernels --op fill bias --device cpu reference")
    assert {"processor", "cores", "system"} <= found.machine.keys()
    assert {"numbanet", "Python", "numba", "numpy"} <= found.versions.keys()
    assert "bias.forward" in (tmp_path / "page.html").read_text()
    assert "| bias.forward" in (tmp_path / "table.md").read_text()


def test_a_planted_error_is_refused_in_print_and_by_the_exit_code(capsys, monkeypatch):
    def constant(value, x):
        for k in range(x.size - 1):
            x[k] = value

    monkeypatch.setattr(fill, "constant", kernel()(constant))
    assert bench("kernels", "--op", "fill", "--device", "cpu", "--json", "found.json", *QUICK) == 1
    assert "REFUSED on cpu: fill.constant" in capsys.readouterr().out
    (row,) = read("found.json").kernels
    assert row.refused
    assert row.time is None


def test_training_without_a_gpu_says_so_in_one_line_and_goes_on(capsys, monkeypatch):
    from numbanet.devices import cuda
    from numbanet.errors import DeviceError

    def none():
        raise DeviceError("NVIDIA's driver is not installed")

    monkeypatch.setattr(cuda, "find_driver", none)
    monkeypatch.setattr("numbanet.devices._devices", {k: v for k, v in devices().items() if k[0] != "cuda"})
    assert bench("train", "--model", "mlp-tiny", "--batch", "1", "2", *QUICK) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines.count("no cuda: NVIDIA's driver is not installed") == 1
    assert sum(line.startswith("mlp-tiny  ") for line in lines) == 2
    assert bench("train", "--model", "mlp-tiny", "--device", "cuda") == 1
    assert "none of the devices cuda can be used here" in capsys.readouterr().err


def devices():
    from numbanet import devices

    return devices._devices


def test_a_wrong_rung_is_noted_and_the_next_ladder_is_measured(monkeypatch, capsys):
    def ladder(operation, *_):
        raise WrongResult("bench ladder: the rung is wrong")

    monkeypatch.setattr(ladders, "ladder", ladder)
    assert bench("ladder", "--op", "dense", "lstm", "--device", "cpu", *QUICK, "--json", "found.json") == 1
    assert capsys.readouterr().out.splitlines().count("REFUSED bench ladder: the rung is wrong") == 2
    assert len(read("found.json").notes) == 2


def test_a_report_is_written_though_the_results_cannot_be(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(Results, "write", lambda *_: (_ for _ in ()).throw(FileError("the disk is full")))
    kept = "--json", "found.json", "--report", "table.md"
    assert bench("kernels", "--op", "fill", "--shape", "10", "--device", "cpu", *QUICK, *kept) == 1
    assert "the disk is full" in capsys.readouterr().err
    assert (tmp_path / "table.md").exists()


def test_a_ladder_is_printed(capsys):
    assert (
        bench("ladder", "--op", "dense", "--shape", "8x16x16", "--device", "cpu", *QUICK, "--json", "found.json") == 0
    )
    assert "dense on cpu, float32" in capsys.readouterr().out
    (ladder,) = read("found.json").ladders
    assert ladder.rungs[-1].function == "numbanet.kernels.dense.cpu.forward"


def test_results_of_several_files_become_one_report(tmp_path, capsys):
    for name in ("fill", "copy"):
        assert bench("kernels", "--op", name, "--device", "cpu", *QUICK, "--json", f"{name}.json") == 0
    assert bench("report", "fill.json", "copy.json", "--report", "page.html", "picture.png") == 0
    text = (tmp_path / "page.html").read_text()
    assert "fill.constant" in text
    assert "copy.forward" in text
    assert (tmp_path / "picture.png").read_bytes().startswith(PNG)


def test_two_files_are_compared(capsys):
    assert bench("kernels", "--op", "fill", "--device", "cpu", *QUICK, "--json", "found.json") == 0
    capsys.readouterr()
    assert bench("compare", "found.json", "found.json") == 0
    assert "0 faster, 0 slower, 1 same" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["kernels", "--op", "desne"], "Did you mean 'dense'?"),
        (["kernels", "--op", "dense", "--shape", "Q=3"], 'no axis "Q"'),
        (["kernels", "--shape", "3"], "Name the operation with --op"),
        (["kernels", "--threads", "0"], "threads must be a positive integer"),
        (["kernels", "--threads", "1000"], "threads must be at most"),
        (["kernels", "--json", "."], "expected a file, and . is a folder"),
        (["kernels", "--rounds", "0"], "rounds must be a positive integer"),
        (["kernels", "--device", "gpu"], "device must be one of"),
        (["kernels", "--report", "page.pdf"], "a report must end in .html, .md, .png"),
        (["kernels", "--json", "nowhere/found.json"], "expected the folder of nowhere/found.json to exist"),
        (["train", "--model", "lenet"], "Did you mean 'lenet5'?"),
        (["train", "--batch", "0"], "batch must be a positive integer"),
        (["ladder", "--op", "fill"], "must be one of conv2d, dense, lstm"),
        (["report", "nothing.json", "--report", "page.html"], "nothing.json cannot be read"),
        (["compare", "nothing.json", "nothing.json"], "nothing.json cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_measured_is_refused_at_once(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(roofs, "measure", lambda *_: pytest.fail("it began to measure"))
    assert bench(*arguments) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("numbanet: ")
    assert message in captured.err


OTHERS = "", "[]", "{}", '{"format": "other"}', '{"benchmarks": []}'
OTHERS += (
    '{"benchmarks": [{"extra_info": {}}], "numbanet": {}}',
    json.dumps({"format": FORMAT, "kernels": [{"nope": 1}]}),
)


@pytest.mark.parametrize("text", OTHERS)
def test_a_file_of_something_else_is_refused(text, tmp_path, capsys):
    (tmp_path / "file.json").write_text(text)
    assert bench("report", "file.json", "--report", "page.html") == 1
    assert "expected a file" in capsys.readouterr().err


def test_what_was_measured_before_an_interruption_is_kept(monkeypatch, capsys):
    def interrupted(self, *_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "ladders", interrupted)
    monkeypatch.setattr("numbanet.bench.cases.OPERATIONS", ["fill"])
    assert bench("all", "--device", "cpu", *QUICK, "--json", "found.json") == 130
    found = read("found.json")
    assert [row.operation for row in found.kernels] == ["fill"]
    assert found.notes[-1] == "interrupted: the rest was not measured"
