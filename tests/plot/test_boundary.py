import numpy as np
import pytest

import numbanet as nn
from numbanet import plot
from numbanet.errors import ArgumentError, ShapeError

X = np.array([[-1, 0], [-0.5, 1], [0.5, 0], [1, 1], [0.1, 0.5]], "float32")
Y = np.array([0, 0, 1, 1, 0])  # the last lies on the other side


def model(kernel, bias, loss):
    m = nn.Sequential([nn.layers.Dense(len(bias))])
    m.compile("sgd", loss)
    m.build((2,), "reference")
    m.set_weights([np.float32(kernel), np.float32(bias)])
    return m


def tints(figure):
    """The colours of the regions (rows from below), how many, and where the region of the last class begins."""
    image = figure.axes[0].images[0]
    a = np.asarray(image.get_array())
    return a, np.unique(a.reshape(-1, 3), axis=0)


def edge(figure):
    """Where along the first axis the lowest row of regions changes its colour."""
    a, _ = tints(figure)
    low, high = figure.axes[0].images[0].get_extent()[:2]
    places = np.linspace(low, high, a.shape[1])
    (change,) = np.flatnonzero(np.any(a[0, 1:] != a[0, :-1], axis=1))
    return (places[change] + places[change + 1]) / 2


@pytest.mark.parametrize(
    ("loss", "options", "expected"),
    [
        (nn.losses.BinaryCrossentropy(), {}, 0.0),
        (nn.losses.BinaryCrossentropy(from_logits=False), {}, 0.5),
        (nn.losses.Hinge(), {}, 0.0),
        (nn.losses.MeanSquaredError(), {}, 0.5),
        (nn.losses.MeanSquaredError(), {"threshold": 0.25}, 0.25),
        (nn.losses.BinaryCrossentropy(), {"threshold": 0}, 0.0),
    ],
)
def test_one_output_is_yes_above_its_threshold(drawn, tmp_path, loss, options, expected):
    plot.decision_boundary(model([[1], [0]], [0], loss), X, Y[:, None], tmp_path / "a.png", points=201, **options)
    assert abs(edge(drawn[0]) - expected) < 0.01
    (line,) = (c for c in drawn[0].axes[0].collections if hasattr(c, "levels"))
    assert abs(np.concatenate([p.vertices for p in line.get_paths()])[:, 0] - expected).max() < 0.01


def test_samples_and_those_on_the_wrong_side(drawn, tmp_path):
    m = model([[1], [0]], [0], nn.losses.BinaryCrossentropy())
    plot.decision_boundary(m, X, Y, tmp_path / "a.png", names=("width (cm)", "height (cm)"), points=20)
    axes = drawn[0].axes[0]
    assert axes.get_title() == "4 of 5 right (80.0%)"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("width (cm)", "height (cm)")
    zeros, ones = (c for c in axes.collections if not hasattr(c, "levels"))
    assert np.array_equal(zeros.get_offsets(), X[Y == 0])
    assert np.array_equal(ones.get_offsets(), X[Y == 1])
    assert zeros.get_edgecolors()[:, :3].tolist() == [[1, 1, 1], [1, 1, 1], [0, 0, 0]]
    assert {tuple(color[:3]) for color in ones.get_edgecolors()} == {(1, 1, 1)}
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == ["0", "1"]


def test_of_several_outputs_the_largest_counts(drawn, tmp_path):
    m = model([[-4, 0, 4], [0, 0, 0]], [0, 1, 0], nn.losses.SparseCategoricalCrossentropy())
    plot.decision_boundary(m, X, [0, 0, 2, 2, 1], tmp_path / "a.png", points=40)
    a, colors = tints(drawn[0])
    low, high = drawn[0].axes[0].images[0].get_extent()[:2]
    middle = np.linspace(low, high, 40)
    expected = np.where(middle < -0.25, 0, np.where(middle <= 0.25, 1, 2))
    changes = np.any(a[7, 1:] != a[7, :-1], axis=1)
    assert np.array_equal(changes, np.diff(expected) != 0)
    assert len(colors) == 3
    assert drawn[0].axes[0].get_title() == "5 of 5 right (100.0%)"
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == ["0", "1", "2"]


def test_whatever_predicts_labels(drawn, tmp_path):
    class Estimator:
        def predict(self, x):
            return np.where(x[:, 0] > 0.3, "right", "left")

    sides = np.array(["left", "left", "right", "right", "left"])
    plot.decision_boundary(Estimator(), X, sides, tmp_path / "a.png", points=201)
    assert abs(edge(drawn[0]) - 0.3) < 0.02
    perceptron = nn.Perceptron(device="reference").fit(X.astype(float), Y, epochs=3)
    plot.decision_boundary(perceptron, X.astype(float), Y, tmp_path / "a.png", points=20)
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == ["left", "right"]
    right = int((perceptron.predict(X.astype(float)) == Y).sum())
    assert drawn[1].axes[0].get_title().startswith(f"{right} of 5 right")


def test_samples_that_lie_on_a_line(drawn, tmp_path):
    m = model([[1], [0]], [0], nn.losses.BinaryCrossentropy())
    plot.decision_boundary(m, X * np.float32([1, 0]), Y, tmp_path / "a.png", points=5)
    assert tints(drawn[0])[0].shape == (5, 5, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((X[:, :1], Y), ShapeError, r"expected x \(N, 2\) and labels y \(N,\), received \(5, 1\) and \(5,\)"),
        ((X, Y[1:]), ShapeError, "expected x"),
        ((X[:0], Y[:0]), ShapeError, "expected x"),
        ((X, Y + 1), ArgumentError, "y must be labels from 0 to 1, as the model has outputs. Received: 2"),
        ((X, Y * 0.5), ArgumentError, "Received: 0.5"),
    ],
)
def test_data_that_do_not_fit(tmp_path, arguments, error, words):
    m = model([[1], [0]], [0], nn.losses.BinaryCrossentropy())
    with pytest.raises(error, match=words):
        plot.decision_boundary(m, *arguments, tmp_path / "a.png", points=4)


def test_more_classes_than_colours(tmp_path):
    m = model(np.zeros((2, 9)), np.zeros(9), nn.losses.SparseCategoricalCrossentropy())
    with pytest.raises(ArgumentError, match=r"at most 8 classes. Received: 9"):
        plot.decision_boundary(m, X, Y, tmp_path / "a.png", points=4)


def test_a_plane_has_two_names(tmp_path):
    m = model([[1], [0]], [0], nn.losses.BinaryCrossentropy())
    with pytest.raises(ArgumentError, match="names must be the names of two features"):
        plot.decision_boundary(m, X, Y, tmp_path / "a.png", names=("a",))
