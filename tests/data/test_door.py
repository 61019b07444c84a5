"""The door: what is taken as it is, what is converted, how samples are split and weighed. Refusals: test_bad_input."""

import numpy as np
import pytest

from numbanet import losses
from numbanet.data import door
from numbanet.data.batches import Data
from numbanet.errors import ArgumentError, DataError, DtypeError, ShapeError

F4, F8 = np.dtype("float32"), np.dtype("float64")


class Frame:
    """Holds an array, as a table of pandas does: of a type, unlike a list."""

    def __init__(self, a):
        self.a = a

    def __array__(self, dtype=None, copy=None):
        return self.a if dtype is None else self.a.astype(dtype)


TAKEN = [
    (np.ones((2, 3), F4), F4),
    (np.ones((2, 3), "float16"), F4),
    (np.ones((2, 3), F4), F8),
    ([[1.5, 2.5]], F4),
    ([[1, 2]], F4),
    (3, F8),
    (np.eye(3), F4),
    (np.linspace(-1, 1, 7, dtype=F4).astype(F8), F4),
    (np.array([np.nan, np.inf, -np.inf, -0.0, 2.0**-149, 2.0**127]), F4),
    (np.float64(0.25), F4),
    (np.ones((2, 0), F8), F4),
    (Frame(np.full((2, 3), 0.5)), F4),
    (Frame(np.array([[2**24]])), F4),
    (np.array([True, False]), F4),
    (np.array([2**24, -(2**24)]), F4),
    (np.array([2**53]), F8),
    (np.array([2**53 + 2, -(2**63)]), F8),
    (np.array([2**62, -(2**63)]), F4),
    (np.array([255], "uint8"), F4),
    (np.array([2**24], "uint64"), F4),
    (np.zeros((0, 4), "int64"), F4),
]


@pytest.mark.parametrize(("value", "dtype"), TAKEN)
def test_array_takes_what_is_exact(value, dtype):
    found = door.array("fit", "x", value, dtype)
    assert found.dtype == dtype
    assert found.flags.c_contiguous
    assert np.array_equal(found, np.asarray(value), equal_nan=np.asarray(value).dtype.kind == "f")


@pytest.mark.parametrize("value", [[[1 / 3, 0.1]], ((1 / 3,), (0.1,)), 1 / 3, [2**24 + 1], 2**53 + 1])
@pytest.mark.parametrize("dtype", [F4, F8])
def test_plain_numbers_are_rounded(value, dtype):
    found = door.array("fit", "x", value, dtype)
    assert found.dtype == dtype
    assert np.array_equal(found, np.array(value).astype(dtype))


@pytest.mark.parametrize(
    ("value", "dtype", "error", "words"),
    [
        (np.ones(2, F8) / 3, F4, DtypeError, r"received float64 .* x\.astype\('float32'\), or .*dtype='float64'"),
        (np.array([1, 1 + 2.0**-24]), F4, DtypeError, "exactly"),
        (np.array([2.0**128]), F4, DtypeError, "exactly"),
        (np.array([2.0**-150]), F4, DtypeError, "exactly"),
        (Frame(np.ones(2) / 3), F4, DtypeError, "float64"),
        (Frame(np.array([2**24 + 1])), F4, DtypeError, "exactly"),
        (np.array([2**24 + 1]), F4, DtypeError, "exactly"),
        (np.array([-(2**24) - 1]), F4, DtypeError, "exactly"),
        (np.array([2**53 + 1]), F8, DtypeError, "exactly"),
        (np.array([2**53 + 1]), F4, DtypeError, "exactly"),
        (np.array([1 - 2**63]), F8, DtypeError, "exactly"),
        (np.array([2**64 - 1], "uint64"), F8, DtypeError, "exactly"),
        (np.array(["1"]), F4, DtypeError, "<U1"),
        (np.ones(2, "complex64"), F4, DtypeError, "complex64"),
        (None, F4, DtypeError, "object"),
        ([[1, 2], [3]], F4, ShapeError, "not an array"),
    ],
)
def test_array_refuses_what_is_not(value, dtype, error, words):
    with pytest.raises(error, match=words):
        door.array("fit", "x", value, dtype)


def test_rows_of_a_file_are_not_to_be_rounded_all_at_once(tmp_path):
    x = np.memmap(tmp_path / "x", "float64", "w+", shape=(2, 3))
    x[...] = 0.1
    refusals = [
        lambda: door.shape_of_samples("fit", x, False),
        lambda: door.inputs("fit", np.array(x), (3,), F4, "Dense", rows=range(2)),
        lambda: door.targets("fit", np.array(x), losses.MeanSquaredError(), (3,), F4, 2, range(2)),
    ]
    for refused in refusals:
        with pytest.raises(DtypeError, match=r"Use .*dtype='float64'\), or write a file of float32, or .* generator"):
            refused()
    with pytest.raises(DtypeError, match=r"exactly. Write a file of float32, or .* generator"):
        door.array("fit", "x", np.array([2**24 + 1]), F4, mapped=True)


def test_array_makes_contiguous_and_copies_only_then():
    a = np.arange(12, dtype="float32").reshape(3, 4)
    assert door.array("fit", "x", a, F4) is a
    for b in (a.T, a[:, ::2], a[::-1]):
        found = door.array("fit", "x", b, F4)
        assert found.flags.c_contiguous
        assert np.array_equal(found, b)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [F4, F8])
def test_is_finite(bad, dtype):
    for size in (1, 7, 64, 1000):
        a = np.full(size, 3e38, dtype)
        assert door.is_finite(a)
        for at in {0, size // 2, size - 1}:
            a[at], kept = bad, a[at]
            assert not door.is_finite(a)
            a[at] = kept


def test_hinge_targets_of_zero_are_minus_one():
    found = door.targets("fit", np.array([[0.0], [1.0], [-1.0]], F4), losses.Hinge(), (1,), F4, 3)
    assert found.tolist() == [[-1.0], [1.0], [-1.0]]
    assert found.dtype == F4


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
def test_labels_become_int64(dtype):
    found = door.targets("fit", np.array([0, 2, 1], dtype), losses.SparseCategoricalCrossentropy(), (3,), F4, 3)
    assert found.dtype == np.int64
    assert found.tolist() == [0, 2, 1]


# --- classes and weights


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (np.array([2, 0, 1]), [2, 0, 1]),
        (np.array([[0, 0, 1], [1, 0, 0]], F4), [2, 0]),
        (np.array([[0], [1], [1]], F4), [0, 1, 1]),
        (np.array([[-1], [1]], F4), [0, 1]),
        (np.array([[0.5, 0.5]], F4), None),
        (np.array([[1, 1]], F4), None),
        (np.array([[-1, 1, 1]], F4), None),
        (np.array([[0, 0]], F4), None),
        (np.array([[0.25], [1]], F4), None),
        (np.array([[2, 0], [1, 1]]), None),
        (np.zeros((2, 3, 1), F4), None),
    ],
)
def test_class_labels(y, expected):
    found = door.class_labels(y)
    assert (found if found is None else found.tolist()) == expected


@pytest.mark.parametrize("dtype", [F4, F8])
@pytest.mark.parametrize("rows", [1, 2])
def test_sample_weights(rows, dtype):
    assert door.sample_weights("fit", None, 3, rows, dtype) is None
    found = door.sample_weights("fit", [1.0, 0.1, 0.0], 3, rows, dtype)
    assert found.dtype == dtype
    assert found.tolist() == [[w] * rows for w in np.array([1, 0.1, 0], dtype).tolist()]


@pytest.mark.parametrize(
    "y",
    [np.array([0, 1, 1]), np.eye(2, dtype=F4)[[0, 1, 1]], np.array([[0], [1], [1]], F4)],
    ids=["labels", "rows", "1"],
)
def test_class_weights(y):
    found = door.class_weights("fit", {0: 3, 1: 0.1, 7: 1}, y)
    assert found.dtype == F8
    assert found.tolist() == [3, 0.1, 0.1]


def test_weights_of_both_kinds_multiply():
    x, y, given = np.zeros((3, 1), F4), np.array([0, 1, 1]), np.array([1, 2, 0], F4)
    factors = door.class_weights("fit", {0: 3, 1: 0.5}, y)
    both = Data(x, y, door.sample_weights("fit", given, 3, 2, F4))
    for weighted, expected in (
        (both.weighted(factors), [[3, 3], [1, 1], [0, 0]]),
        (Data(x, y).weighted(factors), [[3], [0.5], [0.5]]),
    ):
        assert weighted.weights.tolist() == expected
        assert weighted.weights.dtype == F4
        assert weighted.x is x
        assert weighted.y is y
    assert both.weighted(None) is both
    assert both.weights.tolist() == [[1, 1], [2, 2], [0, 0]], "what was not asked for is left alone"
    assert given.tolist() == [1, 2, 0], "and so is the user's own array"


@pytest.mark.parametrize(
    ("sample_weight", "error"),
    [
        ([1.0], ShapeError),
        ([[1.0], [1.0], [1.0]], ShapeError),
        (1.0, ShapeError),
        ([1.0, -1.0, 1.0], DataError),
        ([1.0, np.nan, 1.0], DataError),
        ([1.0, np.inf, 1.0], DataError),
        (np.ones(3) / 3, DtypeError),
    ],
)
def test_sample_weights_are_checked(sample_weight, error):
    with pytest.raises(error, match=r"fit: expected .*sample_weight"):
        door.sample_weights("fit", sample_weight, 3, 1, F4)


@pytest.mark.parametrize(
    "class_weight",
    [{0: 1}, {0: True, 1: 1}, {0: 1, 1: np.inf}, {0: 1, 1: np.nan}, {0: 1, 1: -1}, {0: 1, 1: "1"}, {}, [1, 1], None],
)
def test_class_weights_are_checked(class_weight):
    with pytest.raises(ArgumentError, match="fit: class_weight must be a dictionary"):
        door.class_weights("fit", class_weight, np.array([0, 1, 1]))


# --- the split

COUNTS = [(1,), (5,), (7, 3), (1, 1, 1), (13, 7, 5, 3, 1), (101, 99, 50), (2, 2, 2, 2, 2, 2, 2, 2, 2, 2)]


@pytest.mark.parametrize("fraction", [0.1, 1 / 3, 0.5, 0.77])
@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize("one_hot", [False, True])
def test_split_keeps_the_proportions_of_classes(counts, fraction, one_hot):
    n = sum(counts)
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    y = np.eye(len(counts), dtype=F4)[labels] if one_hot and len(counts) > 1 else labels
    if not 0 < round(n * fraction) < n:
        with pytest.raises(ArgumentError, match="both parts"):
            door.split(y, fraction, 0)
        return
    kept, held = door.split(y, fraction, 0)
    assert sorted([*kept, *held]) == list(range(n))
    assert len(held) == round(n * fraction)
    share = len(held) / n
    for label, count in enumerate(counts):
        assert abs(np.sum(labels[held] == label) - count * share) < 1
    for part in (kept, held):
        assert (np.diff(part) > 0).all(), "in the order of the data"


def test_split_depends_on_the_seed_and_on_nothing_else():
    y = np.arange(60) % 3
    splits = [tuple(door.split(y, 0.25, seed)[1]) for seed in (0, 1, 2, 0)]
    assert len(set(splits)) == 3
    assert splits[0] == splits[3]


@pytest.mark.parametrize("y", [np.zeros((100, 2), F4) + 0.5, np.zeros(100, np.int64)])
def test_every_sample_is_as_likely_to_be_held(y):
    held = np.zeros(100)
    for seed in range(200):
        held[door.split(y, 0.5, seed)[1]] += 1
    assert np.all(np.abs(held - 100) < 5 * np.sqrt(200 / 4))
