"""From files to samples: columns of a CSV file, arrays of an .npz file, or a data set that numbanet knows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import datasets
from ..checks import choice, near_miss
from ..errors import ArgumentError, DataError, ShapeError
from ..losses import BinaryCrossentropy, Loss

SHOWN = 20  # names in an error
Pair = tuple[Any, Any]  # x and y
SETS = {
    name: f"load_{name}"
    for name in ("digits", "mnist", "fashion_mnist", "cifar10", "cifar100")
    if f"load_{name}" in datasets.__all__
}


@dataclass(frozen=True)
class Columns:
    """What the data were that a model learnt from, so that it finds the same in other files.

    features, target: the names of columns; None where the data were arrays. classes: the texts that labels stand for.
    samples: the SHA-256 of what was trained on and what was held back.
    """

    features: list[str] | None = None
    target: list[str] | None = None
    classes: list[str] | None = None
    delimiter: str = ","
    header: bool | None = None
    x: str = "x"
    y: str = "y"
    samples: str = ""


@dataclass(frozen=True)
class Data:
    """The samples to train on, and those that are held back."""

    train: Pair
    validation: Pair | None
    test: Pair | None
    columns: Columns


def load(given: dict[str, Any], loss: Loss, seed: int, dtype: Any) -> Data:
    """The data that a table [data] names, for a model of that dtype.

    Raises FileError, DataError, ShapeError and ArgumentError.
    """
    if given["dataset"] is not None:
        columns, (train, test) = Columns(), _data_set(given["dataset"])
    else:
        columns = _columns_of(given, loss)
        train, test = pair(given["file"], columns, loss), None
    shape = given["input_shape"]
    if test is not None and given["test"]:
        raise ArgumentError(f"[data] test must be left out: {given['dataset']} has test samples of its own")
    test = test or _file(given["test"], columns, loss)
    validation = _file(given["validation"], columns, loss)
    if test is None and given["test"]:
        train, test = _parted("test", train, given["test"], seed)
    if validation is None and given["validation"]:
        train, validation = _parted("validation", train, given["validation"], seed)
    try:
        parts = (train, validation, test)
        shaped = [p and (as_samples(p[0], shape, dtype), as_targets(p[1], loss, dtype)) for p in parts]
    except ShapeError as error:
        raise ShapeError(f"[data] input_shape: {error}") from None
    return Data(shaped[0] or train, shaped[1], shaped[2], replace(columns, samples=_digest(shaped)))


def _digest(parts: Sequence[Pair | None]) -> str:
    """A number for these samples, in this order and these parts."""
    found = hashlib.sha256()
    for part in parts:
        for a in part or ():
            found.update(f"{a.dtype.str} {a.shape}".encode())
            found.update(np.ascontiguousarray(a).data)
        found.update(b";")
    return found.hexdigest()


def _data_set(name: str) -> tuple[Pair, Pair | None]:
    found = getattr(datasets, SETS[choice("[data]", "dataset", name, SETS)])()
    return found if isinstance(found[0], tuple) else (found, None)


def _file(part: float | str, columns: Columns, loss: Loss) -> Pair | None:
    """The samples of a file of their own."""
    return pair(part, columns, loss) if isinstance(part, str) else None


def _parted(name: str, samples: Pair, share: float, seed: int) -> tuple[Pair, Pair]:
    """The samples without a share of them, and that share."""
    x, y = samples
    if not 0 < round(len(x) * share) < len(x):
        raise ArgumentError(f"[data] {name} must leave samples in both parts ({len(x)} in all). Received: {share}")
    x_left, x_held, y_left, y_held = datasets.train_test_split(x, y, share, seed)
    return (x_left, y_left), (x_held, y_held)


def _columns_of(given: dict[str, Any], loss: Loss) -> Columns:
    """The columns that a table [data] names, by the names that the file gives them."""
    arrays = {key: given[key] for key in ("x", "y")}
    if given["file"].endswith(".npz"):
        return Columns(**arrays)
    table = datasets.read_table(given["file"], given["delimiter"], given["header"])
    target = given["target"] if isinstance(given["target"], list) else [given["target"]]
    targets = [table.columns[table.place(column)] for column in target]
    features = given["features"]
    names = [table.columns[table.place(c)] for c in (table.columns if features is None else features)]
    if features is None:
        names = [name for name in names if name not in targets]
    if twice := [name for name in targets if name in names]:
        raise ArgumentError(f"[data] features must not have the target. Received: {', '.join(twice)}")
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise ArgumentError(f"[data] features must have each column once. Received: {', '.join(twice)}")
    if not names:
        raise ArgumentError(f"{given['file']}: expected columns beside the target, found none")
    found = table.target(targets[0]) if len(targets) == 1 else None
    classes = sorted(set(found.tolist())) if found is not None and found.dtype.kind == "U" else None
    if classes and not loss.integer_targets and not (isinstance(loss, BinaryCrossentropy) and len(classes) == 2):
        raise ArgumentError(
            f"{given['file']}: column {targets[0]!r} has texts, {len(classes)} different ones, which are classes. Take "
            f"SparseCategoricalCrossentropy as [loss], or a column of numbers. Received: {type(loss).__name__}"
        )
    return Columns(names, targets, classes, given["delimiter"], given["header"], **arrays)


def features(path: str, columns: Columns) -> Any:
    """The samples of a file, without targets: as they lie in it."""
    if path.endswith(".npz"):
        return datasets.load_npz(path, columns.x, None)
    table = datasets.read_table(path, columns.delimiter, columns.header)
    return _numbers_of(table, columns.features or table.columns)


def _numbers_of(table: datasets.Table, names: Sequence[str]) -> Any:
    """These columns of a file, which another file may have had. Raises ArgumentError where one is not there."""
    if missing := [name for name in names if name not in table.columns]:
        hint = "".join(near_miss(name, table.columns) for name in missing[:1])
        raise ArgumentError(
            f"{table.path}: expected the columns that the model was trained on, {_few(names)}. It has "
            f"{_few(table.columns)}, and not {_few(missing)}.{hint}"
        )
    return table.features(names)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def pair(path: str, columns: Columns, loss: Loss) -> Pair:
    """Samples and targets of a file. Texts become the numbers of their classes."""
    if path.endswith(".npz"):
        x, y = datasets.load_npz(path, columns.x, columns.y)
        return x, y
    if columns.target is None:
        raise ArgumentError(f"{path}: expected the name of the target's column, which the model's run does not have")
    table = datasets.read_table(path, columns.delimiter, columns.header)
    targets = columns.target
    x = _numbers_of(table, columns.features or [name for name in table.columns if name not in targets])
    if len(targets) > 1:
        return x, table.features(targets)
    y = table.target(targets[0])
    return x, y if columns.classes is None else _numbers(path, targets[0], y, columns.classes)


def _numbers(path: str, column: str, y: Any, classes: Sequence[str]) -> Any:
    """Texts as the numbers of their classes."""
    places = {name: k for k, name in enumerate(classes)}
    found = [str(text) for text in y.tolist()]
    if unknown := [text for text in found if text not in places]:
        raise DataError(
            f"{path}: column {column!r}: expected one of the classes {', '.join(classes)}. Received: {unknown[0]!r}."
            f"{near_miss(unknown[0], classes)}"
        )
    return np.array([places[text] for text in found], np.int64)


def _rounded(values: Any, dtype: Any) -> Any:
    """Floating-point numbers, of which an .npz file mostly has float64, as a model of that dtype takes them."""
    if values.dtype.kind != "f":
        return values
    with np.errstate(over="ignore"):  # what is too large is infinite then, which the model refuses
        return values.astype(dtype, copy=False)


def as_samples(x: Any, shape: Sequence[int] | None, dtype: Any) -> Any:
    """Rows of numbers as samples of that shape, in C's order; as they are where no shape is given."""
    x = _rounded(x, dtype)
    if shape is None or x.shape[1:] == tuple(shape):
        return x
    size = math.prod(x.shape[1:])
    if size != math.prod(shape):
        raise ShapeError(f"expected samples of shape {tuple(shape)}, {math.prod(shape)} numbers each, received {size}")
    return x.reshape(-1, *shape)


def as_targets(y: Any, loss: Loss, dtype: Any) -> Any:
    """Targets as the loss wants them: labels (N,), and single numbers in a column (N, 1)."""
    y = y if loss.integer_targets else _rounded(y, dtype)
    if y.ndim > 1 or loss.integer_targets:
        return y
    return y.astype(np.float32).reshape(-1, 1) if y.dtype.kind == "i" else y.reshape(-1, 1)
