"""Numbers about the weights and gradients of each layer while it trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import boolean, positive_integer
from ..progress import format_value
from .base import Callback, Logs

STATISTICS = ("mean", "std", "norm", "max", "zeros")
COLUMNS = tuple(f"{kind}_{name}" for kind in ("weight", "gradient") for name in STATISTICS)


def statistics(a: Any) -> tuple[float, ...]:
    """Of an array: mean, standard deviation, Euclidean norm, largest magnitude, and the share of exact zeros.

    They are taken in float64, and are NaN where an element is, but for the share of zeros.
    """
    a = np.asarray(a, np.float64)
    with np.errstate(all="ignore"):  # infinite weights are what one looks for
        norm = np.sqrt(np.sum(a * a))
        return tuple(map(float, (a.mean(), a.std(), norm, np.abs(a).max(), np.mean(a == 0))))


class LayerStatistics(Callback):
    """Mean, standard deviation, norm, maximum and share of zeros of each parameter's weights and gradient.

    every: so many steps of the model's life; None is at the end of each epoch. verbose: True prints each table. The
    gradient is that of the last step, as the optimizer used it, clipped; the weights are those after that step.
    Vanishing gradients show as norms that shrink from layer to layer, units that died as zeros.

    `history` is a table, a dict for each time and trained parameter: "epoch" and "step", the steps trained when it was
    taken, "parameter" ("dense/kernel"), and "weight_mean", "weight_std", "weight_norm", "weight_max", "weight_zeros",
    "gradient_mean", ... ; "max" is of magnitudes, "zeros" a share from 0 to 1.
    """

    def __init__(self, every: int | None = None, verbose: bool = False) -> None:
        self.every = None if every is None else positive_integer("LayerStatistics", "every", every)
        self.verbose = boolean("LayerStatistics", "verbose", verbose)
        self.history: list[dict[str, Any]] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.history = []
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    @property
    def watches_batches(self) -> bool:
        return self.every is not None

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.every and self.model.steps_trained % self.every == 0:
            self._take()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.every is None:
            self._take()

    def _take(self) -> None:
        gradients, step = self.model.last_gradients(), self.model.steps_trained
        weights = dict(zip(self.model.weight_names, self.model.get_weights(), strict=True))
        rows = [
            {"epoch": self._epoch, "step": step, "parameter": name}
            | dict(zip(COLUMNS, statistics(weights[name]) + statistics(gradient), strict=True))
            for name, gradient in gradients.items()
        ]
        self.history += rows
        if self.verbose:
            print(f"epoch {self._epoch + 1}, step {step}\n{_table(rows)}")

    def get_state(self) -> dict[str, Any]:
        """The table by columns."""
        rows = self.history
        return {
            "parameters": [row["parameter"] for row in rows],
            "places": np.array([(row["epoch"], row["step"]) for row in rows], np.int64).reshape(-1, 2),
            "values": np.array([[row[name] for name in COLUMNS] for row in rows]).reshape(-1, len(COLUMNS)),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        columns = state["parameters"], state["places"].tolist(), state["values"].tolist()
        self.history = [
            {"epoch": epoch, "step": step, "parameter": parameter} | dict(zip(COLUMNS, values, strict=True))
            for parameter, (epoch, step), values in zip(*columns, strict=True)
        ]


def _table(rows: list[dict[str, Any]]) -> str:
    """The rows as text: of each parameter a line of its weights and one of its gradient."""
    width = max([len(row["parameter"]) for row in rows], default=0)
    lines = [" " * (width + 10) + "".join(f"{name:>12}" for name in STATISTICS)]
    for row in rows:
        for kind in ("weight", "gradient"):
            values = "".join(f"{format_value(row[f'{kind}_{name}']):>12}" for name in STATISTICS)
            lines.append(f"{row['parameter']:{width}}  {kind:8}{values}")
    return "\n".join(lines)
