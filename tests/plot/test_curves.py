import numpy as np
import pytest

from numbanet import plot
from numbanet.callbacks import History
from numbanet.errors import ArgumentError

LOSS = [2.0, 0.2, 0.02]


@pytest.fixture
def history():
    h = History()
    for epoch, loss in enumerate(LOSS):
        logs = {"loss": loss, "val_loss": loss * 2, "accuracy": 0.5, "mae": 1.0, "f1": 0.5, "matrix": np.eye(2)}
        h.on_epoch_end(epoch, logs)
    return h


def test_some_of_the_metrics(history, drawn, tmp_path):
    plot.learning_curve(history, tmp_path / "a.png", ["accuracy", "loss"])
    (figure,) = drawn
    assert [axes.get_ylabel() for axes in figure.axes] == ["accuracy", "loss"]
    assert [list(line.get_ydata()) for line in figure.axes[1].lines] == [LOSS, [2 * v for v in LOSS]]
    assert {axes.get_yscale() for axes in figure.axes} == {"linear"}


def test_more_than_three_are_in_rows(history, drawn, tmp_path):
    plot.learning_curve(history, tmp_path / "a.png")
    places = [axes.get_subplotspec() for axes in drawn[0].axes]
    assert [(p.rowspan.start, p.colspan.start) for p in places] == [(0, 0), (0, 1), (0, 2), (1, 0)]


def test_a_logarithmic_axis_has_plain_numbers(history, drawn, tmp_path):
    plot.learning_curve(history, tmp_path / "a.png", ["loss"], scale="log")
    (axes,) = drawn[0].axes
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    ticks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    assert [label.get_text() for value, label in ticks if low < value < high] == ["0.1", "1"]


def test_what_is_not_there(history, tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(ArgumentError, match=r"Received: 'acuracy'\. Did you mean 'accuracy'\?"):
        plot.learning_curve(history, tmp_path / "a.png", ["acuracy"])
    with pytest.raises(ArgumentError, match="Received: 'matrix'"):
        plot.learning_curve(history, tmp_path / "a.png", ["matrix"])
    with pytest.raises(ArgumentError, match="scale must be one of linear, log"):
        plot.learning_curve(history, tmp_path / "a.png", scale="logarithmic")


def test_nothing_to_draw(history, tmp_path):
    for empty, metrics in ((history, []), (History(), None)):
        with pytest.raises(ArgumentError, match="metrics must be names of metrics, of a history that has epochs"):
            plot.learning_curve(empty, tmp_path / "a.png", metrics)
