import numpy as np
import pytest

from numbanet import plot
from numbanet.errors import ArgumentError, DataError, DtypeError, ShapeError

TRUE = np.array([0, 0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 0, 1, 1, 2, 2])
COUNTS = np.array([[3, 1, 0], [0, 1, 1], [0, 0, 1]])
SHARES = COUNTS / [[4], [2], [1]] * 100


def seen(figure):
    """The shares that are drawn, the texts in the cells, and the names on the axes."""
    axes = figure.axes[0]
    texts = {(round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in axes.texts}
    names = [[label.get_text() for label in labels] for labels in (axes.get_xticklabels(), axes.get_yticklabels())]
    return np.asarray(axes.images[0].get_array()), texts, names


def test_counts(drawn, tmp_path):
    plot.confusion_matrix(TRUE, PREDICTED, tmp_path / "a.png")
    shares, texts, names = seen(drawn[0])
    assert np.allclose(shares, SHARES)
    assert texts == {cell: str(count) for cell, count in np.ndenumerate(COUNTS)}
    assert names == [["0", "1", "2"]] * 2
    axes, bar = drawn[0].axes
    assert axes.get_title() == "5 of 7 right (71.4%)"
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == ("predicted", "true", "% of the true class")


def test_shares_and_names(drawn, tmp_path):
    plot.confusion_matrix(TRUE, PREDICTED, tmp_path / "a.png", classes=["cat", "dog", "ship"], normalize=True)
    _, texts, names = seen(drawn[0])
    assert texts == {cell: f"{share:.0f}" for cell, share in np.ndenumerate(SHARES)}
    assert names == [["cat", "dog", "ship"]] * 2


def test_outputs_of_a_model_are_labels_too(drawn, tmp_path):
    outputs = np.eye(3)[PREDICTED] - 0.5
    plot.confusion_matrix(TRUE.tolist(), outputs, tmp_path / "a.png")
    assert np.allclose(seen(drawn[0])[0], SHARES)


@pytest.mark.parametrize("classes", [None, ["c", "b", "a"]])
def test_labels_that_are_texts(drawn, tmp_path, classes):
    names = np.array(["a", "b", "c"])
    plot.confusion_matrix(names[TRUE], names[PREDICTED], tmp_path / "a.png", classes)
    shares, _, shown = seen(drawn[0])
    assert shown[0] == (classes or ["a", "b", "c"])
    assert np.allclose(shares, SHARES if classes is None else SHARES[::-1, ::-1])


def test_a_class_that_never_comes_and_many_classes(drawn, tmp_path):
    plot.confusion_matrix([0, 39], [0, 0], tmp_path / "a.png")
    shares, texts, names = seen(drawn[0])
    assert (shares.shape, len(names[0]), texts) == ((40, 40), 40, {})
    assert (shares[39, 0], shares[0, 0], shares.sum()) == (100, 100, 200)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((TRUE, PREDICTED[1:]), ShapeError, r"received shapes \(7,\) and \(6,\)"),
        (([], []), ShapeError, "expected labels"),
        ((TRUE, np.zeros((7, 1))), ShapeError, r"Use \(outputs > 0.5\)"),
        ((TRUE, TRUE / 2), DtypeError, "integers in both, or texts in both, received int64 and float64"),
        ((TRUE, TRUE.astype(str)), DtypeError, "texts in both"),
        ((TRUE, PREDICTED - 1), DataError, "labels from 0 to 2, received -1 to 2"),
    ],
)
def test_labels_that_do_not_fit(tmp_path, arguments, error, words):
    with pytest.raises(error, match=words):
        plot.confusion_matrix(*arguments, tmp_path / "a.png")


def test_classes_that_do_not_fit(tmp_path):
    with pytest.raises(DataError, match="labels from 0 to 1, received 0 to 2"):
        plot.confusion_matrix(TRUE, PREDICTED, tmp_path / "a.png", ["a", "b"])
    with pytest.raises(ArgumentError, match=r"classes must have every label. Received: no 'x'"):
        plot.confusion_matrix(["x"], ["a"], tmp_path / "a.png", ["a", "b"])
