import math

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, losses, metrics
from numbanet.metrics import get

N, CLASSES = 61, 4
RANDOM = np.random.default_rng(0)
SCORES = RANDOM.standard_normal((N, CLASSES))
LABELS = RANDOM.integers(0, CLASSES, N)
ONE_HOT = np.eye(CLASSES)[LABELS]
LOGITS, BINARY = SCORES[:, :1] * 2, RANDOM.integers(0, 2, (N, 1)).astype(float)
PROBABILITIES = 1 / (1 + np.exp(-LOGITS))
TARGETS = RANDOM.standard_normal((N, CLASSES))
CUTS = [(0, 20), (20, 21), (21, 61)]  # batches of 20, 1 and 40

ACCURACY = (SCORES.argmax(1) == LABELS).mean()
OWN = SCORES[np.arange(N), LABELS][:, None]
HIGHER = (OWN < SCORES).sum(1)
MATRIX = np.zeros((CLASSES, CLASSES), int)
np.add.at(MATRIX, (LABELS, SCORES.argmax(1)), 1)


def precision(p, t, cut):
    return ((p > cut) & (t == 1)).sum() / (p > cut).sum()


def recall(p, t, cut):
    return ((p > cut) & (t == 1)).sum() / (t == 1).sum()


def binary_accuracy(p, t, cut):
    return ((p > cut) == (t == 1)).mean()


def identity(value):
    return repr(value) if isinstance(value, metrics.Metric) else ""


LOGIT_OF_08 = math.log(0.8 / 0.2)
# the metric, targets, outputs, a loss that goes with it in compile, and the value
CASES = [
    (metrics.SparseCategoricalAccuracy(), LABELS, SCORES, "sparse_categorical_crossentropy", ACCURACY),
    (metrics.CategoricalAccuracy(), ONE_HOT, SCORES, "categorical_crossentropy", ACCURACY),
    *[
        (kind(k), t, SCORES, loss, (k > HIGHER).mean())
        for k in (1, 2, 3, 4, 9)
        for kind, t, loss in (
            (metrics.SparseTopKCategoricalAccuracy, LABELS, "sparse_categorical_crossentropy"),
            (metrics.TopKCategoricalAccuracy, ONE_HOT, "categorical_crossentropy"),
        )
    ],
    *[
        (kind(*arguments), BINARY, p, loss, expected(p, BINARY, cut))
        for kind, expected in (
            (metrics.BinaryAccuracy, binary_accuracy),
            (metrics.Precision, precision),
            (metrics.Recall, recall),
        )
        for arguments, p, loss, cut in (
            ((), PROBABILITIES, losses.BinaryCrossentropy(from_logits=False), 0.5),
            ((0.8,), PROBABILITIES, losses.BinaryCrossentropy(from_logits=False), 0.8),
            ((0.5, True), LOGITS, "binary_crossentropy", 0.0),
            ((0.8, True), LOGITS, "binary_crossentropy", LOGIT_OF_08),
            ((0.8, False), LOGITS, "binary_crossentropy", 0.8),
        )
    ],
    (metrics.ConfusionMatrix(CLASSES), LABELS, SCORES, "sparse_categorical_crossentropy", MATRIX),
    (metrics.MeanAbsoluteError(), TARGETS, SCORES, "mse", np.abs(SCORES - TARGETS).mean()),
    (metrics.MeanSquaredError(), TARGETS, SCORES, "mae", ((SCORES - TARGETS) ** 2).mean()),
]
every_case = pytest.mark.parametrize(("metric", "t", "p", "loss", "expected"), CASES, ids=identity)


def identity_model(p, loss, of):
    """A model whose output is its input."""
    m = nn.Sequential([layers.Linear()])
    m.build(p.shape[1:], dtype="float64")
    m.compile("sgd", loss, of)
    return m


def fresh(metric):
    return type(metric)(**metric.get_config())


def same(found, expected):
    assert type(found) is (np.ndarray if isinstance(expected, np.ndarray) else float)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=0)


def test_every_metric_has_a_case():
    kinds = {c for c in vars(metrics).values() if isinstance(c, type) and issubclass(c, metrics.Metric)}
    public = {c for c in kinds if not c.__name__.startswith("_")}
    assert public - {metrics.Metric, metrics.Accuracy} == {type(case[0]) for case in CASES}


@every_case
def test_by_itself(metric, t, p, loss, expected):
    m = fresh(metric)
    for _ in range(2):
        for a, b in CUTS:
            m.update_state(t[a:b], p[a:b])
        same(m.result(), expected)
        same(m.result(), expected)
        m.reset_state()
    m.update_state(t[:20].tolist(), p[:20].tolist())
    m.update_state(t[20:], p[20:])
    same(m.result(), expected)


@every_case
def test_in_evaluate(metric, t, p, loss, expected):
    m = identity_model(p, loss, [fresh(metric)])
    for size in (N, 20, 7):
        same(m.evaluate(p, t, batch_size=size)[metric.name], expected)


@every_case
def test_configuration(metric, t, p, loss, expected):
    config = metric.get_config()
    assert fresh(metric).get_config() == config
    assert get({"class_name": type(metric).__name__, "config": config}).get_config() == config
    assert eval(repr(metric), vars(metrics)).get_config() == config
    m = type(metric)(**(config | {"name": "mine"}))
    assert list(identity_model(p, loss, [m]).evaluate(p, t)) == ["loss", "mine"]


@every_case
def test_in_fit(metric, t, p, loss, expected):
    if isinstance(expected, np.ndarray):
        return
    m = nn.Sequential([layers.Dense(p.shape[1], kernel_initializer="orthogonal")], seed=1)
    m.build(p.shape[1:], dtype="float64")
    m.set_weights([np.eye(p.shape[1]), np.zeros(p.shape[1])])
    m.compile(nn.optimizers.SGD(1e-300), loss, [fresh(metric)])
    history = m.fit(p, t, batch_size=20, epochs=2, validation_data=(p, t), verbose=0).history
    for name in (metric.name, "val_" + metric.name):
        assert history[name] == pytest.approx([expected] * 2, rel=1e-13)


@pytest.mark.parametrize(
    ("name", "loss", "t", "p", "kind", "expected"),
    [
        ("accuracy", "sparse_categorical_crossentropy", LABELS, SCORES, "SparseCategoricalAccuracy", ACCURACY),
        ("accuracy", "categorical_crossentropy", ONE_HOT, SCORES, "CategoricalAccuracy", ACCURACY),
        ("accuracy", "mse", ONE_HOT, SCORES, "CategoricalAccuracy", ACCURACY),
        ("accuracy", "mse", BINARY, PROBABILITIES, "BinaryAccuracy", binary_accuracy(PROBABILITIES, BINARY, 0.5)),
        ("accuracy", "hinge", 2 * BINARY - 1, LOGITS, "BinaryAccuracy", binary_accuracy(LOGITS, BINARY, 0)),
        ("accuracy", "hinge", BINARY, LOGITS, "BinaryAccuracy", binary_accuracy(LOGITS, BINARY, 0)),
        ("acc", "binary_crossentropy", BINARY, LOGITS, "BinaryAccuracy", binary_accuracy(LOGITS, BINARY, 0)),
        ("accuracy", "binary_crossentropy", ONE_HOT, SCORES, "BinaryAccuracy", binary_accuracy(SCORES, ONE_HOT, 0)),
        (
            "accuracy",
            losses.BinaryCrossentropy(from_logits=False),
            BINARY,
            PROBABILITIES,
            "BinaryAccuracy",
            binary_accuracy(PROBABILITIES, BINARY, 0.5),
        ),
        ("precision", "binary_crossentropy", BINARY, LOGITS, "Precision", precision(LOGITS, BINARY, 0)),
        ("recall", "hinge", BINARY, LOGITS, "Recall", recall(LOGITS, BINARY, 0)),
        ("precision", "mse", BINARY, LOGITS, "Precision", precision(LOGITS, BINARY, 0.5)),
    ],
)
def test_names_resolve_by_loss(name, loss, t, p, kind, expected):
    chosen = get(name).for_loss(losses.get(loss), p.shape[1])
    assert type(chosen).__name__ == kind
    assert chosen.name == name
    same(identity_model(p, loss, [name]).evaluate(p, t, batch_size=13)[name], expected)


def test_an_object_serves_two_models():
    shared = metrics.BinaryAccuracy(0.8)
    logits = identity_model(LOGITS, "binary_crossentropy", [shared])
    chances = identity_model(PROBABILITIES, losses.BinaryCrossentropy(from_logits=False), [shared])
    expected = binary_accuracy(PROBABILITIES, BINARY, 0.8)
    same(logits.evaluate(LOGITS, BINARY)["binary_accuracy"], expected)
    same(chances.evaluate(PROBABILITIES, BINARY)["binary_accuracy"], expected)
    assert shared.from_logits is None
    assert math.isnan(shared.result())


def test_several_at_once():
    of = ["accuracy", "sparse_top_k_categorical_accuracy", metrics.ConfusionMatrix(CLASSES)]
    found = identity_model(SCORES, "sparse_categorical_crossentropy", of).evaluate(SCORES, LABELS)
    assert list(found) == ["loss", "accuracy", "sparse_top_k_categorical_accuracy", "confusion_matrix"]
    same(found["accuracy"], ACCURACY)
    same(found["confusion_matrix"], MATRIX)
    assert found["confusion_matrix"].dtype == np.int64


def test_float32():
    m = metrics.SparseCategoricalAccuracy()
    m.update_state(LABELS, SCORES.astype("float32"))
    same(m.result(), ACCURACY)


def test_before_the_first_batch_and_without_positives():
    assert math.isnan(metrics.CategoricalAccuracy().result())
    assert math.isnan(metrics.MeanSquaredError().result())
    assert metrics.Precision().result() == metrics.Recall().result() == 0.0
    assert metrics.ConfusionMatrix(2).result().tolist() == [[0, 0], [0, 0]]
    for m in (metrics.Precision(), metrics.Recall()):
        m.update_state(np.zeros((3, 1)), np.zeros((3, 1)))
        assert m.result() == 0.0


def test_one_output_may_come_without_its_axis():
    for m, t, p in ((metrics.Recall(), BINARY, PROBABILITIES), (metrics.MeanSquaredError(), LOGITS, BINARY)):
        m.update_state(t, p)
        expected = m.result()
        m.reset_state()
        m.update_state(t[:, 0], p[:, 0])
        same(m.result(), expected)


@pytest.mark.parametrize(("loss", "p"), [("binary_crossentropy", LOGITS), ("hinge", LOGITS), ("mse", PROBABILITIES)])
def test_confusion_of_one_output(loss, p):
    found = identity_model(p, loss, [metrics.ConfusionMatrix(2, "counts")]).evaluate(p, BINARY, batch_size=13)
    expected = np.zeros((2, 2), int)
    np.add.at(expected, (BINARY[:, 0].astype(int), (LOGITS[:, 0] > 0).astype(int)), 1)
    same(found["counts"], expected)


def test_axes_before_the_last_are_samples():
    m = metrics.SparseCategoricalAccuracy()
    m.update_state(LABELS[:60].reshape(5, 12), SCORES[:60].reshape(5, 12, CLASSES))
    same(m.result(), (SCORES[:60].argmax(1) == LABELS[:60]).mean())


@pytest.mark.parametrize(
    ("metric", "t", "p"),
    [
        (metrics.MeanSquaredError(), np.zeros(3), np.zeros((3, 1))),
        (metrics.MeanSquaredError(), np.zeros((1, 3)), np.zeros((3, 1))),
        (metrics.Precision(), np.zeros(3), np.zeros((3, 1))),
        (metrics.Precision(), np.zeros((3, 1)), np.zeros(3)),
        (metrics.SparseCategoricalAccuracy(), np.zeros(3, int), np.zeros(3)),
        (metrics.SparseCategoricalAccuracy(), np.zeros((3, 1), int), np.zeros((3, 2))),
        (metrics.CategoricalAccuracy(), np.zeros(3, int), np.zeros((3, 2))),
    ],
)
def test_shapes_are_checked(metric, t, p):
    with pytest.raises(nn.errors.ShapeError, match=type(metric).__name__):
        metric.update_state(t, p)


@pytest.mark.parametrize(
    "metric",
    [metrics.SparseCategoricalAccuracy(), metrics.SparseTopKCategoricalAccuracy(2), metrics.ConfusionMatrix(CLASSES)],
    ids=identity,
)
def test_labels_are_checked(metric):
    for bad in (LABELS + 1, LABELS - 1, np.where(LABELS, LABELS, 2**40)):
        with pytest.raises(nn.errors.DataError, match="labels from 0 to 3"):
            metric.update_state(bad, SCORES)
    for bad in (LABELS + 0.5, LABELS.astype(str), LABELS > 0):
        with pytest.raises(nn.errors.DtypeError, match="integer labels"):
            metric.update_state(bad, SCORES)
    with pytest.raises(nn.errors.DtypeError, match="numbers"):
        metric.update_state(LABELS, SCORES.astype(str))
    metric.update_state(LABELS.astype("uint8"), np.rint(4 * SCORES).astype(int))
    assert np.sum(metric.result()) > 0


def test_the_matrix_needs_its_classes():
    for outputs in (3, 5):
        with pytest.raises(nn.errors.ShapeError, match="4 outputs"):
            metrics.ConfusionMatrix(4).update_state(LABELS, np.zeros((N, outputs)))


def test_accuracy_by_itself_says_what_to_take():
    with pytest.raises(nn.errors.ArgumentError, match="BinaryAccuracy or CategoricalAccuracy"):
        metrics.Accuracy().update_state(ONE_HOT, SCORES)
