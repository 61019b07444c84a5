"""scikit-learn's MLPClassifier: partial_fit, for networks of dense layers. Its initial weights are its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.neural_network import MLPClassifier

from numbanet.bench.workloads import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Workload

Weights = list[dict[str, np.ndarray]]


def set_threads(threads: int) -> None:
    """Its BLAS takes as many as the process may have processors."""


def steps(workload: Workload, x: np.ndarray, y: np.ndarray, weights: Weights) -> list[Callable[[], float]]:
    if not workload.is_mlp:
        return []
    widths = [layer.units for layer in workload.layers[:-1]]
    model = MLPClassifier(
        widths,
        alpha=0.0,
        batch_size=workload.batch,
        learning_rate_init=LEARNING_RATE,
        beta_1=BETA_1,
        beta_2=BETA_2,
        epsilon=EPSILON,
    )
    y = y.reshape(-1).astype(np.int64)
    classes = np.arange(max(workload.outputs, 2))

    def step():
        return model.partial_fit(x, y, classes=classes).loss_

    return [step]
