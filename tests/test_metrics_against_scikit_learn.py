import numpy as np
import pytest

from numbanet import metrics
from tests.test_metrics import BINARY, CLASSES, CUTS, LABELS, LOGITS, PROBABILITIES, SCORES, TARGETS

sk = pytest.importorskip("sklearn.metrics")


def test_agreement_with_scikit_learn():
    positive, truth = PROBABILITIES[:, 0] > 0.8, BINARY[:, 0]
    for metric, t, p, expected in (
        (metrics.SparseCategoricalAccuracy(), LABELS, SCORES, sk.accuracy_score(LABELS, SCORES.argmax(1))),
        (metrics.SparseTopKCategoricalAccuracy(2), LABELS, SCORES, sk.top_k_accuracy_score(LABELS, SCORES, k=2)),
        (metrics.ConfusionMatrix(CLASSES), LABELS, SCORES, sk.confusion_matrix(LABELS, SCORES.argmax(1))),
        (metrics.BinaryAccuracy(0.8), BINARY, PROBABILITIES, sk.accuracy_score(truth, positive)),
        (metrics.Precision(0.8, True), BINARY, LOGITS, sk.precision_score(truth, positive)),
        (metrics.Recall(0.8, True), BINARY, LOGITS, sk.recall_score(truth, positive)),
        (metrics.MeanAbsoluteError(), TARGETS, SCORES, sk.mean_absolute_error(TARGETS, SCORES)),
        (metrics.MeanSquaredError(), TARGETS, SCORES, sk.mean_squared_error(TARGETS, SCORES)),
    ):
        for a, b in CUTS:
            metric.update_state(t[a:b], p[a:b])
        np.testing.assert_allclose(metric.result(), expected, rtol=1e-13)
