"""What can be done while fit runs: Keras's hooks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .checks import choice, non_negative, non_negative_integer, number
from .errors import ArgumentError

Logs = dict[str, Any]


class Callback:
    """The base of all callbacks: override the hooks you need. `self.model` is the model being trained.

    `logs` holds loss and metrics so far ("loss", "accuracy", "val_loss", ...). Setting
    `self.model.stop_training = True` ends training after the epoch.
    """

    model: Any = None
    params: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Called by fit: "epochs", "verbose", and "metrics", the names that logs will have."""
        self.params = params

    def set_model(self, model: Any) -> None:
        self.model = model

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a step; the first of an epoch is 0."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step."""


class History(Callback):
    """What fit returns: `history.history["loss"]` is the list of each epoch's value, `history.epoch` their numbers."""

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        last = "  ".join(f"{name} {format_value(values[-1])}" for name, values in self.history.items())
        return f"History({len(self.epoch)} epochs; last: {last})"


class EarlyStopping(Callback):
    """Stop where `monitor` has not improved by more than `min_delta` for `patience` epochs.

    mode: "min", "max", or "auto": "max" for an accuracy, precision or recall. baseline: a value to improve upon.
    start_from_epoch: epochs before this one are not judged. restore_best_weights: end with the weights of the best
    epoch, however training ended.

    Source: Prechelt, Early stopping - but when?, 1998.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        self.monitor = monitor
        self.min_delta = non_negative("EarlyStopping", "min_delta", min_delta)
        self.patience = non_negative_integer("EarlyStopping", "patience", patience)
        choice("EarlyStopping", "mode", mode, ("auto", "min", "max"))
        rises = any(word in monitor for word in ("acc", "precision", "recall"))
        self.mode = ("max" if rises else "min") if mode == "auto" else mode
        self.baseline = None if baseline is None else number("EarlyStopping", "baseline", baseline)
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = non_negative_integer("EarlyStopping", "start_from_epoch", start_from_epoch)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        known = self.params["metrics"] if self.params else []
        if self.monitor.startswith("val_") and known and not any(name.startswith("val_") for name in known):
            raise ArgumentError(
                f"EarlyStopping: monitor {self.monitor!r} needs validation_data or a validation_split in fit. "
                f"Without them there is {', '.join(known)}."
            )
        self.wait = 0
        self.stopped_epoch: int | None = None
        self.best_epoch: int | None = None
        self.best = math.inf if self.mode == "min" else -math.inf
        self._weights: list[Any] | None = None

    def _better(self, value: float, than: float) -> bool:
        if self.mode == "min":
            return value < than - self.min_delta
        return value > than + self.min_delta

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if self.monitor not in logs:
            raise ArgumentError(f"EarlyStopping: monitor must be one of {sorted(logs)}. Received: {self.monitor!r}")
        if epoch < self.start_from_epoch:
            return
        value = float(np.asarray(logs[self.monitor]))
        self.wait += 1
        if self._better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self._weights = self.model.get_weights()
            if self.baseline is None or self._better(value, self.baseline):
                self.wait = 0
        if self.wait > self.patience or (self.wait == self.patience and self.patience > 0):
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._weights is not None:
            self.model.set_weights(self._weights)


def format_value(value: Any) -> str:
    """A number in four digits; an array by its shape."""
    if np.ndim(value):
        return f"array{np.shape(value)}"
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3e}"
