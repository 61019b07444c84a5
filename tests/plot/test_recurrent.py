import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, plot
from numbanet.errors import ArgumentError, ShapeError

X = np.sin(np.arange(14, dtype="float32")).reshape(7, 2)


@pytest.fixture
def model():
    m = nn.Sequential(
        [layers.LSTM(3, return_sequences=True), layers.GRU(4, return_sequences=True), layers.SimpleRNN(2)]
    )
    m.build((7, 2), "reference")
    return m


@pytest.mark.parametrize(
    ("layer", "titles"),
    [
        ("lstm", ["input gate i", "forget gate f", "candidate", "output gate o", "cell state c", "output h"]),
        ("gru", ["update gate z", "reset gate r", "candidate", "output h"]),
        ("simple_rnn", ["output h"]),
    ],
)
def test_each_gate_is_a_picture_of_units_by_steps(model, drawn, tmp_path, layer, titles):
    plot.gates(model, X, layer, tmp_path / "a.png")
    axes = drawn[0].axes[: len(titles)]
    assert [a.get_title(loc="left") for a in axes] == titles
    found = nn.teach.gates(model, X[None], layer)
    for a, (name, values) in zip(axes, found.items(), strict=True):
        image = a.images[0]
        assert np.array_equal(np.asarray(image.get_array()), values[0].T), name
        assert image.get_clim() == ((0, 1) if "gate" in a.get_title(loc="left") else (-1, 1))
        assert image.get_extent()[:2] == [-0.5, 6.5]
        assert a.get_ylabel() == "unit"
    assert axes[-1].get_xlabel() == "step"
    assert drawn[0].get_suptitle().startswith(f"{layer}: ")


def test_the_scale_of_large_states_is_larger(drawn, tmp_path):
    m = nn.Sequential([layers.SimpleRNN(2, activation="linear")])
    m.build((7, 2), "reference")
    m.set_weights([np.float32([[9, 0], [0, 9]]), np.zeros((2, 2), "float32"), np.zeros(2, "float32")])
    plot.gates(m, X, "simple_rnn", tmp_path / "a.png")
    limit = float(np.abs(9 * X).max())
    assert np.allclose(drawn[0].axes[0].images[0].get_clim(), (-limit, limit))


def test_labels_and_sequences_of_indices(drawn, tmp_path):
    m = nn.Sequential([layers.Embedding(5, 3), layers.GRU(2)])
    m.build((4,), "reference")
    plot.gates(m, np.array([1, 2, 3, 4]), "gru", tmp_path / "a.png", labels="word")
    assert [label.get_text() for label in drawn[0].axes[3].get_xticklabels()] == list("word")


@pytest.mark.parametrize(
    ("sequence", "options", "error", "words"),
    [
        (X[None], {}, ShapeError, r"one sequence of shape \(T, features\), received \(1, 7, 2\)"),
        (X, {"labels": "word"}, ShapeError, "expected 7 labels, one for each step, received 4"),
        (X, {"layer": "nope"}, ArgumentError, "nope"),
        (X[:5], {}, ShapeError, "5"),
    ],
)
def test_what_cannot_be_drawn(model, tmp_path, sequence, options, error, words):
    arguments = {"layer": "lstm"} | options
    with pytest.raises(error, match=words):
        plot.gates(model, sequence, path=tmp_path / "a.png", **arguments)
