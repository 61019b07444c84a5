import errno
import os
import re
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import numbanet as nn
from numbanet import cli, datasets, demo, plot
from numbanet.callbacks import History
from numbanet.commands.parser import make_parser
from numbanet.errors import DataError, MissingDependency

PNG = b"\x89PNG"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def few(monkeypatch):
    """So few digits, and so small a network, that plain Python trains too."""
    monkeypatch.setattr(demo, "FILTERS", (2, 2))
    x, y = datasets.load_digits()
    monkeypatch.setattr(datasets, "load_digits", lambda: (x[:30], y[:30]))


@pytest.fixture
def no_matplotlib(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("matplotlib")] + ["matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)


def lines(capsys):
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert lines(capsys) == [f"numbanet {nn.__version__}"]


def test_the_package_runs_as_the_command_does(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["python -m numbanet", "demo", "--epochs", "0"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("numbanet", run_name="__main__")
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("numbanet: fit: epochs must be a positive integer")


@pytest.mark.parametrize("arguments", [[], ["dem"], ["demo", "--epochs", "x"], ["demo", "--nope"]])
def test_what_is_no_command_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: numbanet")


@pytest.mark.compiled
def test_demo_learns_the_digits(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert cli.main(["demo", "--epochs", "2"]) == 0
    *above, last = lines(capsys)
    assert float(re.fullmatch(r"test accuracy (0\.\d{4})", last)[1]) > 0.8
    assert above[-1] == "learning curve: learning_curve.png"
    assert above[0] == "1438 digits to train on, 359 to test on, 8x8 pixels each (UCI, 1998)"
    assert sum(line.startswith("epoch ") for line in above) == 2
    assert any("Conv2D" in line for line in above)
    assert (tmp_path / "learning_curve.png").read_bytes().startswith(PNG)


def test_demo_on_few_digits(few, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert cli.main(["demo", "--epochs", "1", "--seed", "1", "--picture", "a.png"]) == 0
    *above, last = lines(capsys)
    assert re.fullmatch(r"test accuracy [01]\.\d{4}", last)
    assert (tmp_path / "a.png").read_bytes().startswith(PNG)
    wrong = next(line for line in above if line.startswith("mistaken for another: "))
    assert wrong.endswith(" of 6, among them")
    assert re.match(r"\d taken for \d", above[-3])


def test_demo_without_matplotlib(few, no_matplotlib, tmp_path, capsys):
    assert cli.main(["demo", "--epochs", "1"]) == 0
    *above, last = lines(capsys)
    assert last.startswith("test accuracy ")
    assert above[-1] == "no learning curve: Plotting needs matplotlib. Install it: pip install 'numbanet[plot]'"
    assert not list(tmp_path.iterdir())


def test_demo_where_nothing_can_be_written(few, capsys):
    pytest.importorskip("matplotlib")
    assert cli.main(["demo", "--epochs", "1", "--picture", "no/such/folder.png"]) == 0
    assert lines(capsys)[-2] == "no learning curve: No such file or directory (no/such/folder.png)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "gpu"], "device must be one of cpu, cuda, reference. Received: 'gpu'."),
        (["--device", "cpus"], "Did you mean 'cpu'?"),
        (["--epochs", "0"], "epochs must be a positive integer"),
        (["--seed", "-1"], "seed must be"),
    ],
)
def test_an_error_is_one_line(arguments, words, few, capsys):
    assert cli.main(["demo", *arguments]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("numbanet: ")
    assert words in line


def test_an_interruption_is_one_line(monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", interrupted)
    assert cli.main(["demo"]) == 130
    assert capsys.readouterr() == ("", "numbanet: interrupted\n")


def raising(error):
    def run(*arguments):
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "there is not enough memory."),
        (MemoryError("Unable to allocate 1 TiB"), "there is not enough memory. Unable to allocate 1 TiB"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "locked/a.csv"), "locked/a.csv: Permission denied"),
        (DataError("a.csv, line 3: NaN"), "a.csv, line 3: NaN"),
    ],
)
def test_whatever_goes_wrong_is_a_line(error, told, monkeypatch, capsys):
    monkeypatch.setattr(demo, "run", raising(error))
    assert cli.main(["demo"]) == 1
    assert capsys.readouterr() == ("", f"numbanet: {told}\n")


def test_an_error_of_our_own_asks_for_a_report(monkeypatch, capsys):
    monkeypatch.setattr(demo, "run", raising(TypeError("oh")))
    assert cli.main(["demo"]) == 1
    assert capsys.readouterr().err == (
        "numbanet: TypeError: oh\nThis is an error of numbanet's own. Please report it, with what "
        "`numbanet --traceback ...` and `numbanet doctor` print.\n"
    )


@pytest.mark.parametrize("arguments", [["--traceback", "demo"], ["demo", "--traceback"]])
def test_a_traceback_is_shown_where_it_is_asked_for(arguments, monkeypatch, capsys):
    monkeypatch.setattr(demo, "run", raising(DataError("a.csv, line 3: NaN")))
    assert cli.main(arguments) == 1
    told = capsys.readouterr().err
    assert told.startswith("Traceback (most recent call last):\n")
    assert told.endswith("DataError: a.csv, line 3: NaN\nnumbanet: a.csv, line 3: NaN\n")


def test_a_warning_is_a_line(monkeypatch, capsys):
    def warned(*arguments):
        with warnings.catch_warnings(record=False):
            warnings.simplefilter("always")
            warnings.warn("the data are few", RuntimeWarning, stacklevel=2)

    monkeypatch.setattr(demo, "run", warned)
    assert cli.main(["demo"]) == 0
    assert capsys.readouterr() == ("", "numbanet: warning: the data are few\n")


def test_every_command_has_a_help_with_examples(capsys):
    (commands,) = (action for action in make_parser()._actions if action.dest == "command")
    for name, parser in commands.choices.items():
        with pytest.raises(SystemExit) as ended:
            cli.main([name, "--help"])
        text = capsys.readouterr().out
        assert ended.value.code == 0
        assert text.startswith(f"usage: numbanet {name} ")
        assert parser.description or name == "bench"
        if name not in ("bench", "demo", "doctor"):
            assert f"examples:\n  numbanet {name}" in text or f"numbanet {name} " in text.partition("examples:")[2]


def test_no_mistakes_are_no_pictures(capsys):
    class Right:
        def predict(self, x):
            return np.eye(10)[[3, 7]]

    demo._show_mistakes(Right(), np.zeros((2, 8, 8, 1)), np.array([3, 7]))
    assert capsys.readouterr().out == ""


# --- the picture


def history(**values):
    h = History()
    for epoch in (0, 1):
        h.on_epoch_end(epoch, {name: series[epoch] for name, series in values.items()})
    return h


def test_learning_curve(tmp_path, monkeypatch):
    figure = pytest.importorskip("matplotlib.figure")
    drawn = []
    saved = figure.Figure.savefig
    monkeypatch.setattr(figure.Figure, "savefig", lambda self, *a, **k: (drawn.append(self), saved(self, *a, **k))[1])
    values = {"loss": [2.0, 1.0], "val_loss": [3.0, 2.0], "accuracy": [0.5, 0.6]}
    path = plot.learning_curve(history(**values, matrix=[np.eye(2)] * 2), str(tmp_path / "curve.png"))
    assert path.read_bytes().startswith(PNG)
    axes = {a.get_ylabel(): a for a in drawn[0].axes}
    curves = {name: {line.get_label(): list(line.get_ydata()) for line in a.lines} for name, a in axes.items()}
    assert curves == {
        "loss": {"training": values["loss"], "validation": values["val_loss"]},
        "accuracy": {"training": values["accuracy"]},
    }
    assert all(list(line.get_xdata()) == [1, 2] for a in axes.values() for line in a.lines)


def test_learning_curve_needs_matplotlib(no_matplotlib, tmp_path):
    with pytest.raises(MissingDependency, match=r"pip install 'numbanet\[plot\]'"):
        plot.learning_curve(history(loss=[2.0, 1.0]), tmp_path / "curve.png")


@pytest.mark.compiled
def test_a_reader_that_leaves_early_is_no_error():
    code = "import sys; from numbanet.cli import main; sys.exit(main(['demo']))"
    environment = os.environ | {"PYTHONPATH": str(Path(nn.__file__).parent.parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, text=True, **pipes) as process:
        assert process.stdout.readline().startswith("1438 digits")
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
