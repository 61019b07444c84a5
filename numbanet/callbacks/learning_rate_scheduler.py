"""A learning rate for each epoch, by a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from ..checks import fail, non_negative_integer, positive
from .base import Callback, Logs
from .learning_rate import check_settable


class LearningRateScheduler(Callback):
    """Before each epoch set the learning rate to schedule(epoch, learning_rate), or to schedule(epoch).

    schedule: takes the epoch, the first is 0, and the rate before it; returns a positive number. verbose: 1 says each
    rate. The rate of each epoch is added to its logs as "learning_rate".

    Raises ArgumentError, before anything is trained, for an optimizer whose learning rate follows a schedule.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            fail("LearningRateScheduler", "schedule", "a function of the epoch and the learning rate", schedule)
        self.schedule = schedule
        self.verbose = non_negative_integer("LearningRateScheduler", "verbose", verbose)
        try:
            inspect.signature(schedule).bind(0, 0.0)
            self._takes_rate = True
        except TypeError:
            self._takes_rate = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        check_settable("LearningRateScheduler", self.model.optimizer)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        rate = self.schedule(epoch, optimizer.learning_rate) if self._takes_rate else self.schedule(epoch)
        optimizer.learning_rate = positive("LearningRateScheduler", f"what schedule returns for epoch {epoch}", rate)
        if self.verbose:
            print(f"epoch {epoch + 1}: LearningRateScheduler sets the learning rate to {rate:.6g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.learning_rate
