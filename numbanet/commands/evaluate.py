"""`numbanet evaluate MODEL [DATA]`: loss and metrics."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

from ..errors import ArgumentError
from ..losses import Loss
from . import configuration, data
from .building import load
from .predict import fitted
from .results import lines, plain
from .run import Found, find, set_threads


def run(options: argparse.Namespace) -> None:
    """Evaluate on a file, or on the samples that the training held back."""
    set_threads("evaluate", options.threads)
    found = find(options.model, options.device)
    if found.model.loss is None:
        raise ArgumentError(f"{found.path}: was saved without a loss. Compile the model before it is saved.")
    if options.data is None:
        if options.target is not None:
            raise ArgumentError("evaluate: --target is of a file of data, which is not given")
        name, (x, y) = _held(found)
    else:
        name, (x, y) = options.data, _file(options.data, found, found.model.loss, options.target)
    values = found.model.evaluate(x, y)
    if options.json:
        print(json.dumps({"samples": len(x), **plain(values)}))
    else:
        print("\n".join(lines(values, f"{name}, {len(x)} samples")))


def _held(found: Found) -> tuple[str, data.Pair]:
    """The samples that were held back for testing, or else for validation."""
    if found.run is None:
        raise ArgumentError(f"evaluate: expected a file of data, because {found.path} is not in a training's folder")
    config = configuration.read(found.run.config)
    kept = load(config)
    if kept.columns.samples != found.columns.samples:  # else samples that were trained on would count as held back
        raise ArgumentError(
            f"evaluate: expected a file of data, because the data of {found.run.config} are no longer those that "
            f"{found.path} was trained on"
        )
    for name, part in {"test": kept.test, "validation": kept.validation}.items():
        if part is not None:
            return name, part
    raise ArgumentError(
        f"evaluate: expected a file of data, because {found.run.config} holds nothing back: neither test nor validation"
    )


def _file(path: str, found: Found, loss: Loss, target: str | None) -> data.Pair:
    columns = found.columns if target is None else replace(found.columns, target=[target])
    if columns.target is None and not path.endswith(".npz"):
        raise ArgumentError("evaluate: --target is needed, the name of the column to compare with: no run says it")
    x, y = data.pair(path, columns, loss)
    return fitted(path, x, found), data.as_targets(y, loss, found.model._built("evaluate").dtype)
