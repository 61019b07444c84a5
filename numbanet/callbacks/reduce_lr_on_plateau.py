"""Lower the learning rate where a value no longer improves."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import fail, fraction, non_negative, non_negative_integer
from ..io.checkpoint import count
from .base import Callback, Logs
from .learning_rate import check_settable
from .monitor import Monitor


class ReduceLROnPlateau(Callback):
    """Multiply the learning rate by `factor` after `patience` epochs in which `monitor` has not improved.

    factor: above 0 and below 1. mode: "min", "max", or "auto", by the name of the monitor. min_delta: an improvement
    is larger than this. cooldown: epochs after a reduction before waiting begins anew. min_lr: the lowest rate.
    verbose: 1 says each reduction. The rate of each epoch is added to its logs as "learning_rate".

    The decisions are Keras's (tests/callbacks/keras_decisions.json) and PyTorch's, but that, as in PyTorch, a NaN
    that comes first is not the best value for ever. Raises ArgumentError, before anything is trained, for an optimizer
    whose learning rate follows a schedule.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        self.monitor = monitor
        self._monitor = Monitor("ReduceLROnPlateau", monitor, mode, min_delta)
        self.factor = fraction("ReduceLROnPlateau", "factor", factor)
        if not self.factor:
            fail("ReduceLROnPlateau", "factor", "above 0", factor)
        self.patience = non_negative_integer("ReduceLROnPlateau", "patience", patience)
        self.verbose = non_negative_integer("ReduceLROnPlateau", "verbose", verbose)
        self.cooldown = non_negative_integer("ReduceLROnPlateau", "cooldown", cooldown)
        self.min_lr = non_negative("ReduceLROnPlateau", "min_lr", min_lr)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._monitor.check(self.params)
        check_settable("ReduceLROnPlateau", self.model.optimizer)
        self.best = self._monitor.worst
        self.wait = self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self._monitor.value(logs)
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.learning_rate
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._monitor.better(value, self.best):
            self.best, self.wait = value, 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        """Lower the rate, unless it is as low as it may be."""
        optimizer = self.model.optimizer
        if np.float32(optimizer.learning_rate) > np.float32(self.min_lr):  # a rounding above min_lr is there already
            optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
            self.cooldown_counter, self.wait = self.cooldown, 0
            if self.verbose:
                print(f"epoch {epoch + 1}: ReduceLROnPlateau sets the learning rate to {optimizer.learning_rate:.6g}")

    def get_state(self) -> dict[str, Any]:
        """Counters and the best value; the learning rate itself is the optimizer's."""
        return {"wait": self.wait, "cooldown_counter": self.cooldown_counter, "best": np.array(self.best)}

    def set_state(self, state: dict[str, Any]) -> None:
        self.wait, self.cooldown_counter = count(state["wait"]), count(state["cooldown_counter"])
        self.best = float(state["best"])
