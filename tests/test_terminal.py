"""The line that rich draws; the plain one is in test_progress."""

import re
import sys

import pytest

from numbanet import progress
from numbanet.callbacks import LambdaCallback
from numbanet.terminal import Line, RichLine, new_line
from tests.models import LABELS, X, model
from tests.test_progress import Screen

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def screen(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    return Screen(True)


def shown(screen):
    """What was drawn, without colours and moves of the cursor."""
    return [line.rstrip() for line in re.split(r"[\r\n]+", CODES.sub("", screen.getvalue())) if line.strip()]


def test_rich_draws_on_a_terminal_and_nowhere_else(screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)  # here, because pytest sets its own between fixtures and test
    assert isinstance(new_line(), RichLine)
    screen.terminal = False
    assert isinstance(new_line(), Line)
    screen.terminal = True
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(new_line(), Line)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert isinstance(new_line(), Line)


def test_fit_draws_steps_and_epochs(screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)  # here, because pytest sets its own between fixtures and test
    model().fit(X, LABELS, 11, 2)
    lines = shown(screen)
    ends = dict.fromkeys(line for line in lines if "━" not in line)  # rich draws the last state twice
    assert [line.split("  ")[0] for line in ends] == ["epoch 1/2", "epoch 2/2"]
    for epoch in (1, 2):
        live = [line for line in lines if line.startswith(f"epoch {epoch}/2  ━")]
        assert live
        assert all(
            re.search(r"  loss [\d.]+  accuracy [\d.]+  [\d.]+ s left  [\d,]+ samples/s$", line) for line in live
        )
    assert screen.getvalue().count("\x1b[?25l") == screen.getvalue().count("\x1b[?25h") == 2, "the cursor comes back"


def test_what_is_printed_meanwhile_comes_above_it(screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)  # here, because pytest sets its own between fixtures and test
    line = new_line()
    line.draw("epoch 1/2", 0.5, ["loss 1.0000"])
    print("a word")
    line.finish("epoch 1/2", ["loss 0.5000"])
    assert sys.stdout is screen
    text = shown(screen)
    assert "a word" in text
    assert text.index("a word") < len(text) - 1
    assert text[-1] == "epoch 1/2  loss 0.5000"


@pytest.mark.parametrize("columns", [8, 20, 40, 60])
def test_a_narrow_terminal_drops_the_last_fields(screen, monkeypatch, columns):
    monkeypatch.setattr(sys, "stdout", screen)  # here, because pytest sets its own between fixtures and test
    monkeypatch.setenv("COLUMNS", str(columns))
    line = new_line()
    line.draw("epoch 1/2", 0.5, ["[loss] 1.0000", "accuracy 0.5000", "1.0 s left"])
    line.close()
    drawn = shown(screen)
    assert all(len(text) <= columns for text in drawn)
    kept = {8: [], 20: [], 40: ["[loss] 1.0000"], 60: ["[loss] 1.0000", "accuracy 0.5000"]}[columns]
    assert all(field in drawn[0] for field in kept), "and brackets are no markup"
    assert ("accuracy" in drawn[0]) == (columns == 60)


def test_an_interrupted_line_is_left(screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)  # here, because pytest sets its own between fixtures and test
    stop = LambdaCallback(on_train_batch_begin=lambda batch, logs: 1 // (1 - batch))
    with pytest.raises(ZeroDivisionError):
        model().fit(X, LABELS, 11, 2, callbacks=[stop])
    assert sys.stdout is screen
    assert screen.getvalue().endswith("\x1b[?25h")
