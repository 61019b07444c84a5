"""Which class is taken for which."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import boolean
from ..errors import ArgumentError, DataError, DtypeError, ShapeError
from ..figures import new_figure
from .page import SMALL, SOFT, save

MOST_WITH_NUMBERS = 30  # classes: the cells of more are too small for them


def confusion_matrix(
    y_true: Any,
    y_pred: Any,
    path: str | os.PathLike[str],
    classes: Sequence[str] | None = None,
    normalize: bool = False,
) -> Path:
    """Draw how often each class (a row) is predicted as each (a column) to a file; returns its path.

    y_true: labels (N,), integers from 0 or texts. y_pred: as many labels, or a model's outputs (N, K), as predict gives
    them, of which the largest counts.
    classes: the names of classes 0, 1, ...; without them their numbers, or the texts in order.
    normalize: shares of each row in percent in place of counts. The colour is the share in either case, so that rare
    classes are seen too.

    Raises MissingDependency without matplotlib, and ShapeError, DtypeError or DataError where labels do not fit.
    """
    boolean("confusion_matrix", "normalize", normalize)
    counts, names = _counts(np.asarray(y_true), np.asarray(y_pred), classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    few = len(names) <= MOST_WITH_NUMBERS
    size = 3.0 + (0.42 if few else 0.16) * len(names)
    figure = new_figure(size + 0.9, size)
    axes = figure.add_subplot()
    image = axes.imshow(shares * 100, cmap="Blues", vmin=0, vmax=100)
    figure.colorbar(image, ax=axes, shrink=0.8, aspect=30, label="% of the true class")
    if few:
        for row, column in np.ndindex(*counts.shape):
            count, share = counts[row, column], shares[row, column]
            text = f"{share * 100:.0f}" if normalize else f"{count:,}"
            color = "white" if share > 0.5 else "black" if count else SOFT
            axes.text(column, row, text, ha="center", va="center", fontsize=SMALL, color=color)
    turned = max(map(len, names)) > 3
    axes.set_xticks(range(len(names)), names, rotation=45 if turned else 0, ha="right" if turned else "center")
    axes.set_yticks(range(len(names)), names)
    right, total = int(np.trace(counts)), int(counts.sum())
    axes.tick_params(labelsize=10 if few else 6)
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(f"{right:,} of {total:,} right ({right / total:.1%})", fontsize=10)
    return save(figure, path)


def _counts(y_true: Any, y_pred: Any, classes: Sequence[str] | None) -> tuple[Any, list[str]]:
    """How often each true class is predicted as each, and the classes' names."""
    if y_pred.ndim == 2 and y_pred.shape[1] > 1 and y_pred.dtype.kind == "f":
        y_pred = y_pred.argmax(axis=1)
    if y_true.ndim != 1 or y_true.shape != y_pred.shape or not len(y_true):
        remedy = " Use (outputs > 0.5)[:, 0].astype('int64') for one output." if y_pred.ndim == 2 else ""
        raise ShapeError(
            f"confusion_matrix: expected labels (N,) and as many labels or outputs (N, K), received shapes "
            f"{y_true.shape} and {y_pred.shape}.{remedy}"
        )
    both = np.concatenate([y_true, y_pred])
    if y_true.dtype.kind in "iu" and y_pred.dtype.kind in "iu":
        count = int(both.max()) + 1 if classes is None else len(classes)
        if both.min() < 0 or both.max() >= count:
            raise DataError(
                f"confusion_matrix: expected labels from 0 to {count - 1}, received {both.min()} to {both.max()}"
            )
        names = list(map(str, range(count) if classes is None else classes))
    elif y_true.dtype.kind in "US" and y_pred.dtype.kind in "US":
        names = list(map(str, np.unique(both) if classes is None else classes))
        if strange := sorted(set(both.tolist()) - set(names)):
            raise ArgumentError(f"confusion_matrix: classes must have every label. Received: no {strange[0]!r}")
        places = {name: place for place, name in enumerate(names)}
        y_true, y_pred = (np.array([places[label] for label in labels.tolist()]) for labels in (y_true, y_pred))
    else:
        raise DtypeError(
            "confusion_matrix: expected labels that are integers in both, or texts in both, "
            f"received {y_true.dtype} and {y_pred.dtype}"
        )
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (y_true, y_pred), 1)
    return counts, names
