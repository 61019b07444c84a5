"""Stop where a value no longer improves."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import boolean, non_negative_integer, number
from ..io.checkpoint import count
from .base import Callback, Logs
from .monitor import Monitor


class EarlyStopping(Callback):
    """Stop after `patience` epochs in which `monitor` has not improved by more than `min_delta`.

    mode: "min", "max", or "auto", by the name of the monitor. baseline: epochs that improve, but not upon this value,
    count as waiting. start_from_epoch: epochs before this one are not judged. restore_best_weights: end with the
    weights of the best epoch, however training ended. verbose: 1 says where it stopped.

    The decisions are Keras's (tests/callbacks/keras_decisions.json), but that a NaN that comes first is not the best
    value for ever. After a fit: `best`, `best_epoch`, and `stopped_epoch`, which is None where it did not stop.

    Source: Prechelt, Early stopping - but when?, 1998.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        self.monitor = monitor
        self._monitor = Monitor("EarlyStopping", monitor, mode, min_delta)
        self.patience = non_negative_integer("EarlyStopping", "patience", patience)
        self.verbose = non_negative_integer("EarlyStopping", "verbose", verbose)
        self.baseline = None if baseline is None else number("EarlyStopping", "baseline", baseline)
        self.restore_best_weights = boolean("EarlyStopping", "restore_best_weights", restore_best_weights)
        self.start_from_epoch = non_negative_integer("EarlyStopping", "start_from_epoch", start_from_epoch)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._monitor.check(self.params)
        self.wait = 0
        self.stopped_epoch: int | None = None
        self.best_epoch: int | None = None
        self.best = self._monitor.worst
        self._weights: list[Any] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self._monitor.value(logs)
        if epoch < self.start_from_epoch:
            return
        improved = self._monitor.better(value, self.best)
        if improved:
            self.best, self.best_epoch = value, epoch
        if self.restore_best_weights and (improved or self._weights is None):  # without a better one the first is best
            self._weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if improved:
            if self.baseline is None or self._monitor.better(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.verbose and self.stopped_epoch is not None:
            print(f"epoch {self.stopped_epoch + 1}: EarlyStopping ends the training")
        if self._weights is not None and self.best_epoch is not None:
            if self.verbose:
                print(f"EarlyStopping restores the weights of epoch {self.best_epoch + 1}")
            self.model.set_weights(self._weights)

    def get_state(self) -> dict[str, Any]:
        """Counters, the best value, and the best epoch's weights as "weights/0", "weights/1", ..."""
        state = {"wait": self.wait, "stopped_epoch": self.stopped_epoch, "best_epoch": self.best_epoch}
        weights = {f"weights/{k}": a for k, a in enumerate(self._weights or ())}
        return state | {"best": np.array(self.best)} | weights

    def set_state(self, state: dict[str, Any]) -> None:
        self.wait, self.best = count(state["wait"]), float(state["best"])
        epochs = state["stopped_epoch"], state["best_epoch"]
        self.stopped_epoch, self.best_epoch = (None if epoch is None else count(epoch) for epoch in epochs)
        arrays = sum(name.startswith("weights/") for name in state)
        weights = [state[f"weights/{k}"] for k in range(arrays)]
        if weights and list(map(_kind, weights)) != list(map(_kind, self.model.get_weights())):
            raise ValueError("EarlyStopping: expected a state with weights of this model, found others")
        self._weights = weights or None
        if self.stopped_epoch is not None:
            self.model.stop_training = True


def _kind(a: Any) -> tuple[Any, Any]:
    return a.shape, a.dtype
