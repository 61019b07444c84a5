import csv
import json
import math

import numpy as np
import pytest

from numbanet.callbacks import Callback, History
from numbanet.errors import MissingDependency
from tests.callbacks.series import stored
from tests.models import LABELS, X, model


def history(epochs=3):
    """Losses that have their best in the middle, and a matrix."""
    h = History()
    for epoch in range(epochs):
        values = {"loss": (3.0, 1 / 3, 2e-5)[epoch], "val_loss": (2.0, 1.0, math.nan)[epoch]}
        logs = values | {"accuracy": 0.25 + epoch, "matrix": np.full((2, 2), epoch), "learning_rate": 0.5**epoch}
        h.on_epoch_end(epoch, logs | ({"late": epoch} if epoch else {}))
    return h


def test_it_keeps_values_and_epochs():
    h = history(2)
    assert h.epoch == [0, 1]
    assert h.history["loss"] == [3.0, 1 / 3]
    assert h.history["late"] == [1]


def test_its_repr_is_a_table():
    assert repr(history()).splitlines() == [
        "History: 3 epochs",
        "                     first         last       best  in epoch",
        "loss                3.0000    2.000e-05  2.000e-05         3",
        "val_loss            2.0000          nan     1.0000         2",
        "accuracy            0.2500       2.2500     2.2500         3",
        "matrix         array(2, 2)  array(2, 2)",
        "learning_rate       1.0000       0.2500",
        "late                1.0000       2.0000",
    ]
    assert repr(history(1)).startswith("History: 1 epoch\n")
    assert repr(History()) == "History: no epochs"


def test_a_fit_returns_it():
    found = model().fit(X, LABELS, 11, 2, validation_data=(X, LABELS), verbose=0)
    assert [line.split()[0] for line in repr(found).splitlines()[2:]] == [
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
    ]


def test_to_csv(tmp_path):
    path = history().to_csv(str(tmp_path / "history.csv"))
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "loss", "val_loss", "accuracy", "matrix", "learning_rate", "late"]
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert [float(row["loss"]) for row in rows] == [3.0, 1 / 3, 2e-5], "in all digits"
    assert json.loads(rows[1]["matrix"]) == [[1, 1], [1, 1]]
    assert [row["late"] for row in rows] == ["NA", "1", "2"]
    assert rows[2]["val_loss"] == "nan"


def test_its_state_gives_the_same_again():
    before, after = history(), History()
    after.set_state(stored(before.get_state()))
    assert after.epoch == before.epoch
    assert list(after.history) == list(before.history)
    assert repr(after.history) == repr(before.history), "values and their types"
    for h in (before, after):
        h.on_epoch_end(3, {"loss": 0.5, "matrix": np.eye(2, dtype=int)})
    assert repr(after.history) == repr(before.history)


def test_plot(tmp_path):
    pytest.importorskip("matplotlib")
    h = history()
    figure = h.plot(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    lines = {axes.get_ylabel(): [list(line.get_ydata()) for line in axes.lines] for axes in h.plot().axes}
    assert list(lines) == [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy", "learning_rate"]
    assert len(lines["loss"]) == 2
    assert lines["loss"][0] == h.history["loss"]
    assert not (tmp_path / "None").exists()


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_the_epochs_of_a_plot_are_whole_numbers(epochs):
    pytest.importorskip("matplotlib")
    for axes in history(epochs).plot().axes:
        low, high = axes.get_xlim()
        ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert ticks == list(range(1, epochs + 1))


def test_a_plot_is_a_file_of_the_kind_that_its_ending_says(tmp_path):
    pytest.importorskip("matplotlib")
    for name, content in (("a.svg", b"<svg"), ("a.pdf", b"%PDF")):
        history().plot(tmp_path / name)
        assert content in (tmp_path / name).read_bytes()


def test_plot_needs_matplotlib(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependency, match=r"pip install 'numbanet\[plot\]'"):
        history().plot()


def test_it_keeps_what_a_callback_adds_to_the_logs():
    class Adds(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["extra"] = epoch * 2

    assert model().fit(X, LABELS, epochs=2, callbacks=[Adds()], verbose=0).history["extra"] == [0, 2]


def test_lists_that_a_user_put_there_are_of_the_last_epochs():
    history = History()
    history.epoch, history.history = [0, 1, 2], {"loss": [3.0, 1.0, 2.0], "mae": [0.5, 0.25]}
    assert [line.split()[-2:] for line in repr(history).splitlines()[2:]] == [["1.0000", "2"], ["0.2500", "3"]]
