import importlib

import numpy as np
import pytest

from tests.oracles import DTYPES, assert_agrees

DEVICES = ("cpu", "reference")
START = (3.0, 5.0)  # a state is added to, not overwritten
ROWS = [(1, 1), (1, 10), (61, 2), (61, 10), (13, 101)]
SIZES = [(1,), (97,), (13, 7), (5, 3, 11)]


def run(name, device, *arguments):
    """What operation.function adds to a state, as a pair."""
    operation, function = name.split(".")
    state = np.array(START)
    getattr(importlib.import_module(f"numbanet.kernels.{operation}.{device}"), function)(*arguments, state)
    return tuple(state - START)


def add(name, device, *arguments, shape):
    """What operation.function adds to a table of counts."""
    operation, function = name.split(".")
    table = np.full(shape, 2.0)
    getattr(importlib.import_module(f"numbanet.kernels.{operation}.{device}"), function)(*arguments, table)
    return table - 2.0


def scores(N, C, dtype="float64"):
    """Scores with ties, labels, and one-hot targets of these labels."""
    random = np.random.default_rng(N + C)
    p = random.integers(-4, 5, (N, C)).astype(dtype) / 4
    labels = random.integers(0, C, N)
    return p, labels, np.eye(C, dtype=dtype)[labels]


def elements(shape, dtype="float64"):
    random = np.random.default_rng(sum(shape))
    return random.random(shape).astype(dtype), (random.random(shape) > 0.4).astype(dtype)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_running_mean(dtype, device):
    assert run("running_mean.update", device, np.array([1.25], dtype), 32) == (40.0, 32.0)
    total, count = run("running_mean.update", device, np.array([np.nan], dtype), 32)
    assert np.isnan(total)
    assert count == 32


@pytest.mark.parametrize("device", DEVICES)
def test_running_mean_adds_in_float64(device):
    total, _ = run("running_mean.update", device, np.array([1.0], "float32"), 2**24 + 1)
    assert total == 2**24 + 1


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", ROWS)
def test_accuracy(size, dtype, device):
    p, labels, t = scores(*size, dtype)
    expected = float((p.argmax(1) == labels).sum()), float(size[0])
    assert run("accuracy.update_sparse", device, p, labels) == expected
    assert run("accuracy.update_categorical", device, p, t) == expected


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [1, 2, 5, 200])
@pytest.mark.parametrize("size", ROWS)
def test_top_k_accuracy(size, k, dtype, device):
    p, labels, t = scores(*size, dtype)
    higher = (p > p[np.arange(size[0]), labels][:, None]).sum(1)
    expected = float((higher < k).sum()), float(size[0])
    assert run("top_k_accuracy.update_sparse", device, p, labels, k) == expected
    assert run("top_k_accuracy.update_categorical", device, p, t, k) == expected


@pytest.mark.parametrize("device", DEVICES)
def test_ties_count_for_the_first_class_and_for_all_in_the_top_k(device):
    p = np.array([[1.0, 3.0, 3.0, 2.0, 3.0]])
    for label in range(5):
        labels = np.array([label])
        assert run("accuracy.update_sparse", device, p, labels)[0] == (label == 1)
        assert run("top_k_accuracy.update_sparse", device, p, labels, 1)[0] == (label in (1, 2, 4))
        assert run("top_k_accuracy.update_sparse", device, p, labels, 3)[0] == (label in (1, 2, 4))
        assert run("top_k_accuracy.update_sparse", device, p, labels, 4)[0] == (label in (1, 2, 3, 4))
    t = np.array([[0.0, 0.5, 0.5, 0.0, 0.0]])  # the true class is the first maximum
    assert run("accuracy.update_categorical", device, p, t)[0] == 1
    assert run("accuracy.update_categorical", device, p, t[:, ::-1].copy())[0] == 0


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_with_nan_is_never_a_hit(dtype, device):
    for bad in range(4):
        for label in range(4):
            p = np.zeros((1, 4), dtype)
            p[0, label] = 1
            t = p.copy()
            p[0, bad] = np.nan
            labels = np.array([label])
            assert run("accuracy.update_sparse", device, p, labels) == (0, 1)
            assert run("accuracy.update_categorical", device, p, t) == (0, 1)
            assert run("accuracy.update_categorical", device, t, p) == (0, 1)
            assert run("accuracy.update_categorical", device, p, p) == (0, 1)
            assert run("top_k_accuracy.update_sparse", device, p, labels, 9) == (0, 1)
            assert run("top_k_accuracy.update_categorical", device, p, t, 9) == (0, 1)
            assert run("top_k_accuracy.update_categorical", device, t, p, 9) == (0, 1)
            assert not add("confusion.update_sparse", device, p, labels, shape=(4, 4)).any()


@pytest.mark.parametrize("device", DEVICES)
def test_infinite_scores_are_compared(device):
    p = np.array([[-np.inf, 0.0, np.inf]])
    for label in range(3):
        labels = np.array([label])
        assert run("accuracy.update_sparse", device, p, labels)[0] == (label == 2)
        assert run("top_k_accuracy.update_sparse", device, p, labels, 2)[0] == (label > 0)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("shape", SIZES)
def test_binary_accuracy(shape, threshold, dtype, device):
    p, t = elements(shape, dtype)
    expected = float(((p > threshold) == (t > 0.5)).sum()), float(p.size)
    assert run("binary_accuracy.update", device, p, t, threshold) == expected


@pytest.mark.parametrize("device", DEVICES)
def test_a_score_at_the_threshold_is_negative_and_nan_is_neither(device):
    p = np.array([0.3, 0.3, np.nan, np.nan], "float32")
    t = np.array([0, 1, 0, 1], "float32")
    assert run("binary_accuracy.update", device, p, t, 0.3) == (1, 4)
    assert add("confusion.update_binary", device, p, t, 0.3, shape=4).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SIZES)
def test_mean_error(shape, dtype, device):
    p, t = elements(shape, dtype)
    error = p.astype("float64") - t
    for function, terms in (("absolute", np.abs(error)), ("squared", error**2)):
        total, count = run(f"mean_error.{function}", device, p, t)
        assert_agrees(np.array(total), np.array(terms.sum()))
        assert count == p.size


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("function", ["absolute", "squared"])
def test_mean_error_keeps_nan_and_small_terms(function, device):
    p, t = np.full(40, 1.0, "float32"), np.zeros(40, "float32")
    p[0] = 2.0**13 if function == "squared" else 2.0**26
    total, _ = run(f"mean_error.{function}", device, p, t)
    assert total == 2.0**26 + 39  # float32 has no room for the 39
    p[7] = np.nan
    assert np.isnan(run(f"mean_error.{function}", device, p, t)[0])
    p[:], t[:] = 3e38, -3e38
    if function == "absolute":
        assert run("mean_error.absolute", device, p, t)[0] == pytest.approx(40 * 6e38)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", ROWS)
def test_confusion_of_classes(size, dtype, device):
    p, labels, _ = scores(*size, dtype)
    expected = np.zeros((size[1], size[1]))
    np.add.at(expected, (labels, p.argmax(1)), 1)
    assert np.array_equal(add("confusion.update_sparse", device, p, labels, shape=expected.shape), expected)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SIZES)
def test_confusion_of_two_sides(shape, dtype, device):
    p, t = elements(shape, dtype)
    P, T = p > 0.6, t > 0.5
    expected = [(P & T).sum(), (P & ~T).sum(), (~P & ~T).sum(), (~P & T).sum()]
    assert add("confusion.update_binary", device, p, t, 0.6, shape=4).tolist() == expected


@pytest.mark.parametrize("device", DEVICES)
def test_agreement_with_scikit_learn(device):
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    p, labels = random.standard_normal((211, 5)), random.integers(0, 5, 211)
    hits, count = run("accuracy.update_sparse", device, p, labels)
    assert hits / count == metrics.accuracy_score(labels, p.argmax(1))
    hits, count = run("top_k_accuracy.update_sparse", device, p, labels, 2)
    assert hits / count == metrics.top_k_accuracy_score(labels, p, k=2)
    found = add("confusion.update_sparse", device, p, labels, shape=(5, 5))
    assert np.array_equal(found, metrics.confusion_matrix(labels, p.argmax(1)))
    q, t = elements((211,))
    tp, fp, tn, fn = add("confusion.update_binary", device, q, t, 0.5, shape=4)
    assert [[tn, fp], [fn, tp]] == metrics.confusion_matrix(t, q > 0.5).tolist()
    for function, expected in (("absolute", metrics.mean_absolute_error), ("squared", metrics.mean_squared_error)):
        total, count = run(f"mean_error.{function}", device, q, t)
        assert total / count == pytest.approx(expected(t, q), rel=1e-12)
