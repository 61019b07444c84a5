import numpy as np
import pytest

from numbanet.datasets import to_categorical, train_test_split
from numbanet.errors import ArgumentError, DataError, DtypeError, ShapeError

N = 100
X = np.arange(N)[:, None] * np.ones(2)
LABELS = np.repeat([0, 1, 2], [60, 30, 10])


def test_each_sample_is_in_one_part_with_its_target():
    x_train, x_test, y_train, y_test = train_test_split(X, np.arange(N) * 10.0, 0.25, seed=3)
    assert (len(x_train), len(x_test)) == (75, 25)
    for x, y in ((x_train, y_train), (x_test, y_test)):
        assert np.array_equal(x[:, 0] * 10, y)
        assert np.array_equal(y, np.sort(y)), "in their order"
    assert sorted([*x_train[:, 0], *x_test[:, 0]]) == list(range(N))
    assert x_test[:, 0].tolist() != list(range(75, 100))


def test_the_seed_says_which():
    drawn = [train_test_split(X, LABELS, seed=seed)[1][:, 0].tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(
    "y",
    [LABELS, LABELS.astype("uint8"), np.array(["a", "b", "c"])[LABELS], np.eye(3)[LABELS], LABELS.tolist()],
    ids=["int64", "uint8", "texts", "one-hot", "list"],
)
def test_each_class_has_its_share(y):
    x_train, x_test, y_train, _ = train_test_split(X, y)
    assert np.bincount(LABELS[x_test[:, 0].astype(int)]).tolist() == [12, 6, 2]
    assert np.bincount(LABELS[x_train[:, 0].astype(int)]).tolist() == [48, 24, 8]
    assert y_train.dtype == np.asarray(y).dtype


def test_shares_are_left_to_chance_without_stratify():
    shares = {
        tuple(np.bincount(train_test_split(X, LABELS, seed=seed, stratify=False)[3], minlength=3)) for seed in range(9)
    }
    assert len(shares) > 1


def test_the_parts_are_arrays_of_ones_own():
    x = X.copy()
    for part in train_test_split(x, LABELS)[:2]:
        part[...] = -1
    assert np.array_equal(x, X)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((X, LABELS[1:]), ShapeError, r"as many samples in x and y, received shapes \(100, 2\) and \(99,\)"),
        ((1.0, 2.0), ShapeError, "as many samples"),
        ((X[:2], LABELS[:2]), ArgumentError, r"test_size must leave samples in both parts \(2 in all\). Received: 0.2"),
        ((X, LABELS, 0.999), ArgumentError, "both parts"),
        ((X, LABELS, 25), ArgumentError, "test_size must be a number from 0 to 1"),
        ((X, LABELS, 0.2, -1), ArgumentError, "seed must be"),
        ((X, LABELS, 0.2, 0, LABELS), ArgumentError, "stratify must be True or False"),
    ],
)
def test_splits_that_cannot_be(arguments, error, words):
    with pytest.raises(error, match=words):
        train_test_split(*arguments)


def test_to_categorical():
    rows = to_categorical([2, 0, 1])
    assert (rows.dtype, rows.tolist()) == (np.float32, [[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    assert to_categorical(np.uint8([[1], [0]]), 3).tolist() == [[[0, 1, 0]], [[1, 0, 0]]]
    assert to_categorical(1, 2).tolist() == [0, 1]
    assert to_categorical(np.zeros((0, 4), int), 5).shape == (0, 4, 5)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([0.0, 1.0],), DtypeError, "y of integers, received float64"),
        ((["a"],), DtypeError, "integers"),
        (([True],), DtypeError, "received bool"),
        (([0, -1],), DataError, "labels from 0 to 0, received -1"),
        (([0, 3], 3), DataError, "labels from 0 to 2, received 3"),
        (([0], 0), ArgumentError, "num_classes must be a positive integer"),
        ((np.zeros(0, int),), ArgumentError, "num_classes where there are no labels"),
    ],
)
def test_labels_that_are_no_classes(arguments, error, words):
    with pytest.raises(error, match=words):
        to_categorical(*arguments)
