"""Where in a plane a model changes its mind."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..checks import fail, number, positive_integer
from ..errors import ArgumentError, ShapeError
from ..figures import new_figure
from ..losses import Loss
from ..metrics import BinaryAccuracy
from .page import save

MARGIN = 0.08  # of the samples' extent, on each side
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")  # Okabe and Ito's


class Predicts(Protocol):
    """A Sequential, a Perceptron, or an estimator."""

    def predict(self, x: Any) -> Any:
        """Outputs (N, K), one output (N, 1), or labels (N,)."""


def decision_boundary(
    model: Predicts,
    x: Any,
    y: Any,
    path: str | os.PathLike[str],
    names: Sequence[str] = ("x[:, 0]", "x[:, 1]"),
    points: int = 300,
    threshold: float | None = None,
) -> Path:
    """Draw the regions in which a model predicts each class, and samples among them, to a file; returns its path.

    model: whatever predicts for x (N, 2): a Sequential, a Perceptron, an estimator. y: (N,) or (N, 1), the samples'
    labels; those that lie in another class's region have a black ring.
    names: of the axes. points: so many along each axis are predicted.
    threshold: above which one output means yes; without it 0 for logits, as the loss of the model has them, else 0.5.

    Raises MissingDependency without matplotlib, ShapeError for samples that are not in a plane, ArgumentError for more
    than eight classes, and what predict raises.
    """
    points = positive_integer("decision_boundary", "points", points)
    if len(names) != 2:
        fail("decision_boundary", "names", "the names of two features", names)
    x, y = np.asarray(x), np.asarray(y)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if x.ndim != 2 or x.shape[1] != 2 or y.shape != x.shape[:1] or not len(x):
        raise ShapeError(f"decision_boundary: expected x (N, 2) and labels y (N,), received {x.shape} and {y.shape}")
    low, high = x.min(axis=0), x.max(axis=0)
    rim = MARGIN * np.maximum(high - low, np.finfo(np.float32).eps)
    across, up = (np.linspace(a, b, max(points, 2)) for a, b in zip(low - rim, high + rim, strict=True))
    plane = np.stack([a.ravel() for a in np.meshgrid(across, up)], axis=1).astype(x.dtype)
    found, taken = np.asarray(model.predict(plane)), np.asarray(model.predict(x))
    classes = _classes(found, taken, y)
    one = found.ndim == 2 and found.shape[1] == 1
    cut = _cut(model) if one and threshold is None else number("decision_boundary", "threshold", threshold or 0.0)
    regions, guesses = (_margins(outputs, cut, classes) for outputs in (found, taken))
    figure = new_figure(6.4, 5.2)
    axes = figure.add_subplot()
    best = regions.argmax(axis=1).reshape(len(up), len(across))
    tints = np.array([[int(COLORS[k][i : i + 2], 16) for i in (1, 3, 5)] for k in range(len(classes))])
    extent = (across[0], across[-1], up[0], up[-1])
    axes.imshow((0.72 * 255 + 0.28 * tints)[best] / 255, extent=extent, origin="lower", aspect="auto")
    for margin in regions.T[: 1 if len(classes) == 2 else None]:
        height = margin.reshape(len(up), len(across))
        if height.min() < 0 < height.max():
            axes.contour(across, up, height, levels=[0], colors="0.25", linewidths=1)
    labels = np.array([classes.index(label) for label in y.tolist()])
    wrong = guesses.argmax(axis=1) != labels
    for k, name in enumerate(classes):
        of = labels == k
        edges = np.where(wrong[of, None], (0, 0, 0, 1), (1, 1, 1, 1))
        axes.scatter(*x[of].T, s=26, color=COLORS[k], edgecolors=edges, linewidths=1, label=str(name), zorder=3)
    axes.set(xlabel=names[0], ylabel=names[1], xlim=extent[:2], ylim=extent[2:])
    right = int((~wrong).sum())
    axes.set_title(f"{right:,} of {len(x):,} right ({right / len(x):.1%})", fontsize=10)
    figure.legend(title="class", loc="outside right upper", frameon=False)
    return save(figure, path)


def _cut(model: Any) -> float:
    """Where one output changes from no to yes."""
    loss = getattr(model, "loss", None)
    chosen: Any = BinaryAccuracy().for_loss(loss, 1) if isinstance(loss, Loss) else BinaryAccuracy()
    return float(chosen.cut)


def _classes(found: Any, taken: Any, y: Any) -> list[Any]:
    """The labels that are there or may be predicted, in order."""
    if found.ndim == 1:
        labels = sorted(set(y.tolist()) | set(found.tolist()) | set(taken.tolist()))
    else:
        count = max(found.shape[1], 2)
        labels = list(range(count))
        if strange := sorted(set(y.tolist()) - set(labels)):
            raise ArgumentError(
                f"decision_boundary: y must be labels from 0 to {count - 1}, as the model has outputs. "
                f"Received: {strange[0]!r}"
            )
    if len(labels) > len(COLORS):
        raise ArgumentError(f"decision_boundary: expected at most {len(COLORS)} classes. Received: {len(labels)}")
    return labels


def _margins(outputs: Any, cut: float, classes: list[Any]) -> Any:
    """By how much each class is before all others, (N, classes): positive for the one that is predicted."""
    if outputs.ndim == 1:
        return np.stack([np.where(outputs == label, 1.0, -1.0) for label in classes], axis=1)
    scores = outputs.astype(np.float64)
    if scores.shape[1] == 1:
        return np.concatenate([cut - scores, scores - cut], axis=1)
    highest = np.sort(scores, axis=1)
    others = np.where(scores == highest[:, -1:], highest[:, -2:-1], highest[:, -1:])
    return scores - others
