import contextlib
import io
import math
import re
import sys

import numpy as np
import pytest

from numbanet import progress
from numbanet.callbacks import Callback
from tests.models import LABELS, X, model

VALUE = r"\d+\.\d{4}"
LINE = rf"epoch  ?(\d+)/(\d+)  loss {VALUE}  accuracy {VALUE}  [\d.]+ s left  [\d,]+ samples/s"
LIVE = rf"epoch (\d+)/(\d+) ([█░]{{12}})  loss {VALUE}  accuracy {VALUE}  [\d.]+ s left  [\d,]+ samples/s"


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    """A terminal that cuts nothing, unless a test asks for another, and no rich to draw on it."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setitem(sys.modules, "rich.console", None)


class Screen(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


def printed(monkeypatch, verbose, terminal=False, epochs=2, **fit):
    """What fit writes, also where it is interrupted."""
    screen = Screen(terminal)
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(sys, "stdout", screen)
        model().fit(X, LABELS, 5, epochs, **({} if verbose is None else {"verbose": verbose}), **fit)
    return screen.getvalue()


@pytest.mark.parametrize("verbose", [2, "auto", None])
@pytest.mark.parametrize("epochs", [2, 10])
def test_plain_lines(monkeypatch, verbose, epochs):
    lines = printed(monkeypatch, verbose, epochs=epochs).splitlines()
    found = [re.fullmatch(LINE, line).groups() for line in lines]
    assert found == [(str(k + 1), str(epochs)) for k in range(epochs)]
    assert "  0.0 s left  " in lines[-1]
    assert len({line.index("/") for line in lines}) == 1, "aligned"


def test_plain_lines_have_the_validation(monkeypatch):
    (line,) = printed(monkeypatch, 2, epochs=1, validation_data=(X, LABELS)).splitlines()
    assert re.search(
        rf"  accuracy {VALUE}  val_loss {VALUE}  val_accuracy {VALUE}  [\d.]+ s left  [\d,]+ samples/s$", line
    )


@pytest.mark.parametrize("terminal", [False, True])
def test_silence(monkeypatch, terminal, capsys):
    assert printed(monkeypatch, 0, terminal, validation_data=(X, LABELS)) == ""
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("verbose", "terminal"), [("auto", True), (None, True), (1, True), (1, False)])
def test_the_live_line_stays_on_its_line(monkeypatch, verbose, terminal):
    text = printed(monkeypatch, verbose, terminal)
    assert text.count("\n") == 2
    assert text.endswith("\n")
    for epoch, line in enumerate(text.split("\n")[:-1], 1):
        assert line.startswith("\r")
        *drawn, last = line[1:].split("\r")
        found = [re.fullmatch(LIVE, part.rstrip()).groups() for part in drawn]
        assert [groups[:2] for groups in found] == [(str(epoch), "2")] * 5
        assert [groups[2].count("█") for groups in found] == [12 * done // 22 for done in (5, 10, 15, 20, 22)]
        assert re.fullmatch(LINE, last.rstrip())
        widths = [len(part) for part in (*drawn, last)]
        texts = [len(part.rstrip()) for part in (*drawn, last)]
        assert all(width >= before for width, before in zip(widths[1:], texts[:-1], strict=True)), "nothing remains"


def test_the_live_line_is_drawn_seldom(monkeypatch):
    screen = Screen(True)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        patch.setattr(progress.time, "perf_counter", iter([100 + k / 1000 for k in range(1000)]).__next__)
        model().fit(X, LABELS, 1, 1)
    assert screen.getvalue().count("\r") == 2, "at the first step, and at the end: the rest was sooner"


def test_rate_and_time_left(monkeypatch, capsys):
    clock = iter([10.0, 14.0, 14.0, 15.0])
    monkeypatch.setattr(progress.time, "perf_counter", clock.__next__)
    p = progress.Progress(2, 20, 1000)
    p.begin(4)
    p.end({"loss": 0.5})
    assert capsys.readouterr().out == "epoch  5/20  loss 0.5000  1:00 left  250 samples/s\n"
    p.begin(19)
    p.end({"loss": 0.25})
    assert capsys.readouterr().out == "epoch 20/20  loss 0.2500  0.0 s left  1,000 samples/s\n"


def test_time_left_in_the_epoch(monkeypatch, capsys):
    monkeypatch.setattr(progress.time, "perf_counter", iter([10.0, 12.0]).__next__)
    p = progress.Progress(1, 1, 1000)
    p.begin(0)
    p.update(250, {"loss": 0.5})
    assert capsys.readouterr().out == f"\repoch 1/1 {'█' * 3}{'░' * 9}  loss 0.5000  6.0 s left  125 samples/s"


FIELDS = [f"epoch 3/9 {'█' * 4}{'░' * 8}", "loss 0.5000", "accuracy 0.7500", "6.0 s left", "100 samples/s"]
FINAL = ["epoch 3/9", "loss 0.5000", "accuracy 0.7500", "val_loss 1.5000", "30 s left", "180 samples/s"]


def drawn(monkeypatch, columns):
    """The live line in mid-epoch, and the one that ends the epoch."""
    screen = Screen(True)
    monkeypatch.setenv("COLUMNS", str(columns))
    with monkeypatch.context() as patch:
        patch.setattr(progress.time, "perf_counter", iter([10.0, 13.0, 15.0]).__next__)
        patch.setattr(sys, "stdout", screen)
        p = progress.Progress("auto", 9, 900)
        p.begin(2)
        p.update(300, {"loss": 0.5, "accuracy": 0.75})
        p.end({"loss": 0.5, "accuracy": 0.75, "val_loss": 1.5})
    start, live, last = screen.getvalue().split("\r")
    assert start == ""
    assert last.endswith("\n")
    return live, last[:-1]


@pytest.mark.parametrize(
    ("columns", "live", "last"),
    [
        (200, 5, 6),
        (83, 5, 6),
        (82, 5, 5),
        (80, 5, 5),
        (79, 4, 5),
        (67, 4, 4),
        (65, 4, 4),
        (64, 3, 4),
        (40, 2, 3),
        (39, 2, 2),
        (23, 1, 2),
        (22, 0, 1),
    ],
)
def test_a_narrow_terminal_drops_the_last_fields(monkeypatch, columns, live, last):
    found = drawn(monkeypatch, columns)
    expected = ["  ".join(FIELDS[:live]) if live else FIELDS[0][: columns - 1], "  ".join(FINAL[:last])]
    assert found[0] == expected[0]
    assert found[1].rstrip() == expected[1]
    assert found[1] == expected[1].ljust(len(expected[0])), "nothing remains of the longer line before"


@pytest.mark.parametrize("columns", [*range(1, 120)])
def test_the_live_line_never_wraps(monkeypatch, columns):
    for line, fields in zip(drawn(monkeypatch, columns), (FIELDS, FINAL), strict=True):
        assert len(line) < columns
        whole = [n for n in range(1, len(fields) + 1) if len("  ".join(fields[:n])) < columns]
        assert line.rstrip() == ("  ".join(fields[: whole[-1]]) if whole else fields[0][: columns - 1].rstrip())


@pytest.mark.parametrize("columns", [40, 80])
def test_fit_stays_on_a_narrow_line(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = printed(monkeypatch, "auto", True, validation_data=(X, LABELS))
    assert text.count("\n") == 2
    for line in text.split("\n")[:-1]:
        lines = line[1:].split("\r")
        assert len(lines) == 6
        assert all(len(part) < columns for part in lines)
        shown = rf"  loss {VALUE}" if columns == 40 else rf"  loss {VALUE}  accuracy {VALUE}  val_loss {VALUE}"
        assert re.match(rf"epoch \d/2{shown}", lines[-1])


def test_plain_lines_are_never_cut(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    assert all(re.fullmatch(LINE, line) for line in printed(monkeypatch, 2).splitlines())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.04, "0.0 s"), (9.96, "10.0 s"), (12.4, "12 s"), (59.4, "59 s"), (75, "1:15"), (3600, "60:00"), (61.9, "1:01")],
)
def test_seconds(value, text):
    assert progress.seconds(value) == text


@pytest.mark.parametrize(("verbose", "end"), [(0, ""), (1, "\n"), (2, "")])
def test_an_interrupted_live_line_is_ended(monkeypatch, verbose, end):
    class Stops(Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 2:
                raise KeyboardInterrupt

    text = printed(monkeypatch, verbose, True, callbacks=[Stops()])
    assert text[-1:] == end
    assert text.count("\n") == len(end)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5000"),
        (0, "0.0000"),
        (9999.0, "9999.0000"),
        (12345.0, "1.234e+04"),
        (1e-4, "1.000e-04"),
        (-2e-5, "-2.000e-05"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (np.zeros((3, 3)), "array(3, 3)"),
    ],
)
def test_format_value(value, text):
    assert progress.format_value(value) == text
