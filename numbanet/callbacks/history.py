"""What fit returns."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import choice
from ..figures import new_figure
from ..io.checkpoint import count
from ..progress import format_value
from .base import Callback, Logs
from .monitor import direction
from .table import csv_lines

WIDEST = 3  # pictures in a row


class History(Callback):
    """What fit returns: `history.history["loss"]` is the list of each epoch's value, `history.epoch` their numbers.

    Its repr is a table of the first, last and best values, and the epoch of the best, counted from 1.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []
        self._epochs: dict[str, list[int]] = {}  # of each name's values: it may come later, or end earlier

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self._epochs.setdefault(name, []).append(epoch)

    def _epochs_of(self, name: str) -> list[int]:
        """The epochs of a name's values; of a list that a user put there, the last ones."""
        return self._epochs.get(name) or self.epoch[len(self.epoch) - len(self.history[name]) :]

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write a line for each epoch, numbered from 0, to a CSV file; returns its path. Arrays are nested lists."""
        rows: dict[int, dict[str, Any]] = {epoch: {"epoch": epoch} for epoch in self.epoch}
        for name, values in self.history.items():
            for epoch, value in zip(self._epochs_of(name), values, strict=True):
                rows[epoch][name] = value
        columns = ["epoch", *self.history]
        path = Path(path)
        path.write_text(csv_lines(columns, list(rows.values()), columns), encoding="utf-8")
        return path

    def plot(self, path: str | os.PathLike[str] | None = None, names: Sequence[str] | None = None) -> Any:
        """Draw loss and metrics by epoch, training and validation; returns the matplotlib figure.

        path: of a file to write as well, of any kind that matplotlib knows by its ending, such as .png, .pdf or .svg.
        names: what to draw, such as ["loss", "accuracy"]; without them all. Arrays, such as a confusion matrix, are
        left out. Raises MissingDependency without matplotlib, ArgumentError for names that are not there.
        """
        curves = [n for n in self.history if not n.startswith("val_") and _is_curve(self.history[n])]
        chosen = curves if names is None else [choice("History.plot", "names", name, curves) for name in names]
        columns = min(len(chosen), WIDEST)
        rows = -(-len(chosen) // WIDEST)
        figure = new_figure(4.5 * columns, 3.4 * rows)
        for place, name in enumerate(chosen):
            axes = figure.add_subplot(rows, columns, place + 1)
            self._draw(axes, name, "training")
            if f"val_{name}" in self.history:
                self._draw(axes, f"val_{name}", "validation")
            axes.set(xlabel="epoch", ylabel=name)
            axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
            axes.grid(alpha=0.3)
            axes.legend()
        if path is not None:
            figure.savefig(path, dpi=120)
        return figure

    def _draw(self, axes: Any, name: str, label: str) -> None:
        axes.plot([epoch + 1 for epoch in self._epochs_of(name)], self.history[name], label=label)

    def get_state(self) -> dict[str, Any]:
        """Epochs, and of each name its values: numbers, and arrays of one shape, as an array "values/loss", ..."""
        state: dict[str, Any] = {"epoch": list(self.epoch), "names": list(self.history)}
        state |= {f"epochs/{name}": np.array(epochs, np.int64) for name, epochs in self._epochs.items()}
        return state | {f"values/{name}": _packed(values) for name, values in self.history.items()}

    def set_state(self, state: dict[str, Any]) -> None:
        self.epoch = [count(epoch) for epoch in state["epoch"]]
        self.history = {name: _unpacked(state[f"values/{name}"]) for name in state["names"]}
        self._epochs = {name: [count(e) for e in state[f"epochs/{name}"].tolist()] for name in state["names"]}
        if any(len(self._epochs[name]) != len(values) for name, values in self.history.items()):
            raise ValueError("expected an epoch for each value of the history")

    def __repr__(self) -> str:
        if not self.epoch:
            return "History: no epochs"
        rows = [["", "first", "last", "best", "in epoch"]]
        for name, values in self.history.items():
            shown = [format_value(values[0]), format_value(values[-1])]
            best = _best(name, values)
            if best is not None:
                shown += [format_value(values[best]), str(self._epochs_of(name)[best] + 1)]
            rows.append([name, *shown, *[""] * (4 - len(shown))])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
        count = len(self.epoch)
        return "\n".join([f"History: {count} epoch{'s' * (count > 1)}", *lines])


def _is_curve(values: list[Any]) -> bool:
    return all(isinstance(value, float) for value in values)


def _best(name: str, values: list[Any]) -> int | None:
    """The place of the best value; None where the name does not say which that is, or there is no number."""
    mode = direction(name)
    if mode is None or not _is_curve(values) or np.isnan(values).all():
        return None
    return int(np.nanargmin(values) if mode == "min" else np.nanargmax(values))


def _packed(values: list[Any]) -> Any:
    """The values as one array, from which _unpacked makes the same again; or a list, with floats as arrays of none."""
    kinds = {(type(value), np.shape(value), getattr(value, "dtype", None)) for value in values}
    if len(kinds) == 1 and isinstance(values[0], float | np.generic | np.ndarray):
        return np.stack(values)
    return [np.array(value) if isinstance(value, float) else value for value in values]  # JSON holds no NaN


def _unpacked(values: Any) -> list[Any]:
    are_floats = isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype == np.float64
    if are_floats:
        return list(values.tolist())
    return [value.item() if np.shape(value) == () and isinstance(value, np.ndarray) else value for value in values]
