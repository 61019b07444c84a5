"""Samples made ready for a model: parts for training and testing, and labels as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import boolean, fraction, positive_integer, seed_number
from ..data.door import class_labels, split_rows
from ..errors import ArgumentError, DataError, DtypeError, ShapeError


def train_test_split(
    x: Any, y: Any, test_size: float = 0.2, seed: int = 0, stratify: bool = True
) -> tuple[Any, Any, Any, Any]:
    """x_train, x_test, y_train, y_test, in scikit-learn's order: arrays of their own, drawn with the seed.

    x, y: arrays of as many samples. test_size: the share of the samples that are for testing.
    stratify: each class has its share in both parts, to the sample, where y is labels (integers or texts), one-hot
        rows, or a column of 0 and 1; other targets are drawn as they come.

    The samples of either part keep their order. Raises ShapeError, and ArgumentError where a part would be empty.
    """
    x, y = np.asarray(x), np.asarray(y)
    seed = seed_number("train_test_split", seed)
    test_size = fraction("train_test_split", "test_size", test_size)
    if not x.ndim or x.shape[:1] != y.shape[:1]:
        raise ShapeError(
            f"train_test_split: expected as many samples in x and y, received shapes {x.shape} and {y.shape}"
        )
    if not 0 < round(len(x) * test_size) < len(x):
        raise ArgumentError(
            f"train_test_split: test_size must leave samples in both parts ({len(x)} in all). Received: {test_size!r}"
        )
    labels = _labels(y) if boolean("train_test_split", "stratify", stratify) else None
    train, test = split_rows(len(x), labels, test_size, seed)
    return x[train], x[test], y[train], y[test]


def to_categorical(y: Any, num_classes: int | None = None) -> Any:
    """Labels as one-hot rows: y of any shape (...) becomes (..., num_classes) float32, 1 at the label and else 0.

    y: integers from 0 to num_classes - 1; without num_classes the largest label is the last class.

    Raises DtypeError for labels that are no integers, and DataError for labels out of range.
    """
    y = np.asarray(y)
    if y.dtype.kind not in "iu":
        raise DtypeError(f"to_categorical: expected y of integers, received {y.dtype}. Use y.astype('int64').")
    if num_classes is not None:
        num_classes = positive_integer("to_categorical", "num_classes", num_classes)
    elif not y.size:
        raise ArgumentError("to_categorical: expected num_classes where there are no labels. Received: None")
    classes = int(y.max()) + 1 if num_classes is None else num_classes
    if y.size and (y.min() < 0 or y.max() >= classes):
        wrong = y[(y < 0) | (y >= classes)][0]
        raise DataError(f"to_categorical: expected labels from 0 to {classes - 1}, received {wrong}")
    rows = np.zeros((y.size, classes), np.float32)
    rows[np.arange(y.size), y.reshape(-1)] = 1
    return rows.reshape(*y.shape, classes)


def _labels(y: Any) -> Any | None:
    """The class of each sample, if there are classes."""
    if y.ndim == 1 and y.dtype.kind in "uUSbO":
        return np.unique(y, return_inverse=True)[1]
    return class_labels(y)
