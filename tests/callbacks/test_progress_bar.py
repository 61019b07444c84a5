import re
import sys

import pytest

from numbanet import progress
from numbanet.callbacks import Callback, ProgressBar
from numbanet.errors import ArgumentError
from tests.models import LABELS, X, model
from tests.test_progress import Screen

VALUE = r"\d+\.\d{4}"


def printed(monkeypatch, *others):
    screen = Screen(False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        model().fit(X, LABELS, 11, 2, callbacks=[ProgressBar(), *others], verbose=0)
    return screen.getvalue()


def test_it_draws_steps_and_then_epochs(monkeypatch):
    first, second = ([part.rstrip() for part in line[1:].split("\r")] for line in printed(monkeypatch).split("\n")[:-1])
    values = rf"  loss {VALUE}  accuracy {VALUE}  "
    rate = r"  [\d,]+ steps/s"
    for k, line in enumerate((first, second), 1):
        for step, bar in enumerate(("█" * 6 + "░" * 6, "█" * 12)):
            assert re.fullmatch(rf"epoch {k}/2 {bar}{values}[\d.]+ s left{rate}", line[step])
        assert re.fullmatch(rf"epoch {k}/2{values}[\d.]+ s left{rate}", line[2])


def test_an_interrupted_line_is_ended(monkeypatch):
    class Stops(Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 1:
                raise RuntimeError

    screen = Screen(False)
    monkeypatch.setattr(sys, "stdout", screen)
    with pytest.raises(RuntimeError):
        model().fit(X, LABELS, 11, 2, callbacks=[ProgressBar(), Stops()], verbose=0)
    assert screen.getvalue().endswith("\n")
    assert screen.getvalue().count("\n") == 1


def test_progress_is_not_shown_twice(capsys):
    m = model()
    with pytest.raises(ArgumentError, match="ProgressBar: fit's verbose must be 0"):
        m.fit(X, LABELS, callbacks=[ProgressBar()])
    assert m.epochs_trained == 0
    assert capsys.readouterr().out == ""
