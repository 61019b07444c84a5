"""`numbanet predict MODEL DATA`: a line of CSV for each sample."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..io import atomic
from ..losses import BinaryCrossentropy, CategoricalCrossentropy, Loss, SparseCategoricalCrossentropy
from . import data
from .run import Found, find, set_threads

BLOCK = 4096  # lines that are made at a time


def run(options: argparse.Namespace) -> None:
    """Print the predictions, or write them to a file."""
    set_threads("predict", options.threads)
    found = find(options.model, options.device)
    x = samples(options.data, found)
    output = found.model.predict(x)
    header, rows = table(output, found, options.probabilities, options.raw)
    text = _text(header, rows)
    if options.output is None:
        for part in text:
            sys.stdout.write(part)
    else:
        atomic.write(options.output, (part.encode() for part in text))
        print(f"written: {options.output}, {len(output)} predictions", file=sys.stderr)


def samples(path: str, found: Found) -> Any:
    """The samples of a file, as the model takes them. Raises ShapeError where they do not fit it."""
    x = data.features(path, found.columns)
    return fitted(path, x, found)


def fitted(path: str, x: Any, found: Found) -> Any:
    """Rows of numbers in the shape of the model's samples."""
    try:
        network = found.model._built("predict")
        return data.as_samples(x, network.input_shape, network.dtype)
    except ShapeError as error:
        names = ""
        if found.run is None:
            names = " What the columns were is in columns.json, which stands beside a model that `numbanet train` made."
        raise ShapeError(f"{path}: {error}.{names}") from None


def table(output: Any, found: Found, probabilities: bool, raw: bool) -> tuple[list[str], Iterator[list[Any]]]:
    """The names of the columns, and the rows. Raises ArgumentError where the model has no classes to name."""
    loss = found.model.loss
    rows = output.reshape(len(output), -1)
    chances = None if raw or output.ndim != 2 else chances_of(output, loss)
    if chances is None:
        if probabilities:
            raise ArgumentError(
                "predict: --probabilities is for models that were compiled with a cross-entropy, and whose output is a "
                f"row for each sample. Received: {type(loss).__name__}, output of shape {('N', *output.shape[1:])}"
            )
        return _output_names(rows.shape[1], found, raw), (list(row) for row in rows)
    names = list(found.columns.classes or ())
    names += [str(k) for k in range(len(names), chances.shape[1])]  # a model may have more outputs than classes
    best = chances.argmax(axis=1)
    header = ["class", "probability"] + [f"p({name})" for name in names] * probabilities
    lines = ([names[k], row[k], *(row if probabilities else ())] for k, row in zip(best.tolist(), chances, strict=True))
    return header, lines


def chances_of(output: Any, loss: Loss | None) -> Any:
    """The probability of each class, (N, C), where the loss says that this is what the output means; else None."""
    if isinstance(loss, SparseCategoricalCrossentropy | CategoricalCrossentropy):
        if not loss.from_logits:
            return output
        powers = np.exp(output - output.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    if isinstance(loss, BinaryCrossentropy) and output.shape[1] == 1:
        with np.errstate(over="ignore"):  # exp(100) is infinite in float32, and 1 / infinity the 0 that is meant
            chance = 1 / (1 + np.exp(-output)) if loss.from_logits else output
        return np.concatenate([1 - chance, chance], axis=1)
    return None


def _output_names(count: int, found: Found, raw: bool) -> list[str]:
    target = found.columns.target
    if target is not None and len(target) == count and not raw:
        return target
    return ["output"] if count == 1 else [f"output_{k}" for k in range(count)]


def _text(header: Sequence[str], rows: Iterator[list[Any]]) -> Iterator[str]:
    """The lines of CSV, in pieces; a number has the digits that its type needs, and no more."""
    place = io.StringIO()
    writer = csv.writer(place, lineterminator="\n")
    writer.writerow(header)
    for count, row in enumerate(rows, 1):
        writer.writerow([str(value) for value in row])
        if count % BLOCK == 0:
            yield place.getvalue()
            place.seek(0)
            place.truncate()
    yield place.getvalue()
