"""The loop of fit: epochs, batches, validation and callbacks."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from .callbacks import Callback, History, ModelCheckpoint, TerminateOnNaN
from .checks import fail, non_negative_integer, positive_integer
from .data.batches import Batch, Batches, Feed
from .errors import NonFiniteError, StateError
from .evaluation import evaluate
from .interrupts import Interrupted, Interrupts
from .progress import Progress
from .resuming import Resumption
from .steps import Steps


@dataclass(frozen=True)
class Plan:
    """How fit goes over the data, and who watches."""

    epochs: int
    initial_epoch: int
    verbose: int | str
    callbacks: tuple[Callback, ...]

    @property
    def span(self) -> int:
        """How many epochs there are to train."""
        return self.epochs - self.initial_epoch

    @property
    def checked(self) -> bool:
        """Whether a step that comes to NaN or infinity ends before its update."""
        return self.on_non_finite != "ignore"

    @property
    def on_non_finite(self) -> str:
        """What fit does where a step comes to NaN or infinity: what a TerminateOnNaN says, else "error"."""
        return next((c.action for c in self.callbacks if isinstance(c, TerminateOnNaN)), "error")


def plan(epochs: Any, initial_epoch: Any, verbose: Any, callbacks: Any) -> Plan:
    """The plan, checked. Raises ArgumentError."""
    epochs = positive_integer("fit", "epochs", epochs)
    initial_epoch = non_negative_integer("fit", "initial_epoch", initial_epoch)
    if verbose not in (0, 1, 2, "auto") or isinstance(verbose, bool):
        fail("fit", "verbose", "0, 1, 2 or 'auto'", verbose)
    if not isinstance(callbacks, Sequence | None) or any(not isinstance(c, Callback) for c in callbacks or ()):
        fail("fit", "callbacks", "a list of numbanet.callbacks.Callback", callbacks)
    return Plan(epochs, initial_epoch, verbose, tuple(callbacks or ()))


def expect_parameters(steps: Steps) -> None:
    """Raises StateError where there is nothing to train."""
    if not steps.network.trained:
        raise StateError(
            "fit: expected a model with parameters to train, received one without. To train layers that are frozen, "
            "set their trainable to True and compile again."
        )


class Training:
    """One fit: where it stands, and how it goes on. `model` is what callbacks see.

    `epoch` and `batch`: how many epochs are done, and how many batches of the one after them.
    """

    def __init__(
        self,
        model: Any,
        steps: Steps,
        feed: Feed,
        validation: Batches | None,
        plan: Plan,
    ) -> None:
        self.model, self.steps, self.feed, self.validation, self.plan = model, steps, feed, validation, plan
        self.history = model.history = History()
        # the history keeps what others add to logs, and a checkpoint what all of them came to
        savers = [c for c in plan.callbacks if isinstance(c, ModelCheckpoint)]
        self.callbacks = [*(c for c in plan.callbacks if c not in savers), self.history, *savers]
        self.epoch, self.batch = plan.initial_epoch, 0
        self._resumption: Resumption | None = None
        self._logs: dict[str, Any] = {}
        self._interrupts = Interrupts()

    # --- what a checkpoint keeps

    def get_state(self) -> dict[str, Any]:
        """What another Training needs to go on from here: nested dicts and lists of arrays and JSON values."""
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "stop_training": bool(self.model.stop_training),
            "feed": self.feed.description,
            "results": [np.array(state) for state in (self.steps.mean_loss, *self.steps.states)],
            "callbacks": [{"class_name": type(c).__name__, "state": c.get_state()} for c in self.callbacks],
        }

    def resume(self, place: str | os.PathLike[str]) -> None:
        """Go on from a checkpoint, as `run` then does. Raises what Resumption raises."""
        self._resumption = Resumption(self.model, self.steps, self.callbacks, self.feed.description, place)
        if state := self._resumption.state:
            self.epoch, self.batch = state["epoch"], state["batch"]

    def _restore(self) -> None:
        if self._resumption is not None:
            self._resumption.restore()

    # --- the loop

    def run(self) -> History:
        """Train to the last epoch, and return the history."""
        params: dict[str, Any] = {"epochs": self.plan.epochs, "steps": self.feed.batches, "verbose": self.plan.verbose}
        params |= {"metrics": self._names(), "resumed": self._resumption and self._resumption.place}
        progress = Progress(self.plan.verbose, self.plan.epochs, self.feed.samples)
        begun: list[Callback] = []
        try:
            with self._interrupts:
                for callback in self.callbacks:
                    callback.set_model(self.model)
                    callback.set_params(params)
                    callback.on_train_begin()
                    begun.append(callback)
                if not self.batch:
                    self._restore()
                while self.epoch < self.plan.epochs and not self.model.stop_training:
                    self._run_epoch(progress)
                self._finish()
        except Interrupted:
            for callback in begun:
                callback.on_interrupt()
            raise KeyboardInterrupt from None  # for this class alone Python ends as programs end after Ctrl-C
        finally:
            progress.close()
            with ExitStack() as ends:  # each of them, also where one before it fails
                if self._resumption is not None:
                    ends.callback(self._resumption.undo)
                for callback in reversed(begun):
                    ends.callback(callback.on_train_end, self._logs)
        return self.history

    @property
    def _done(self) -> int:
        """The epochs that this fit, or one that it goes on with, has done."""
        return self.epoch - self.plan.initial_epoch

    def _names(self) -> list[str]:
        """What logs will have at an epoch's end."""
        names = ["loss", *(metric.name for metric in self.steps.metrics)]
        return names + [f"val_{name}" for name in names] if self.validation else names

    def _run_epoch(self, progress: Progress) -> None:
        epoch, steps = self.epoch, self.steps
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch)
        progress.begin(epoch)
        if not self.batch:
            steps.reset()
        self._restore()
        self._run_batches(progress)
        logs = steps.results()
        if self.validation:
            logs |= {f"val_{name}": value for name, value in self._validate(self.validation).items()}
        progress.end(logs)
        self._warn_of_divergence(logs["loss"])
        self._logs = logs
        self.model.epochs_trained += 1
        self.epoch, self.batch = epoch + 1, 0
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)
        self._interrupts.check()

    def _validate(self, data: Batches) -> dict[str, Any]:
        fixed = self.steps.network.fixed
        kept = np.array(fixed)  # the states of stateful layers go on from the training data
        try:
            for callback in self.callbacks:
                callback.on_test_begin()
            return evaluate(self.steps, data.epoch(done=self._done), self._interrupts.check)
        finally:
            for callback in self.callbacks:
                callback.on_test_end()
            fixed[...] = kept

    def _run_batches(self, progress: Progress) -> None:
        """The rest of an epoch."""
        watching = [c for c in self.callbacks if c.watches_batches]
        samples = 0
        with closing(self.feed.epoch(self.model.epochs_trained, self.batch, self._done)) as batches:
            for batch in batches:
                for callback in watching:
                    callback.on_train_batch_begin(self.batch)
                if not self._run_step(batch):
                    break
                self.batch += 1
                samples += len(batch)
                if watching:
                    logs = self.steps.results()
                    for callback in watching:
                        callback.on_train_batch_end(self.batch - 1, logs)
                if progress.due:
                    progress.update(samples, self.steps.results())
                self._interrupts.check()
        if self.feed.samples is None:
            progress.total = samples

    def _run_step(self, batch: Batch) -> bool:
        """Whether the step was done; where not, training ends."""
        try:
            batch.run()
        except NonFiniteError as error:
            if self.plan.on_non_finite == "error":
                raise
            warnings.warn(f"fit ends: {error}", RuntimeWarning, stacklevel=6)
            self.model.stop_training = True
            return False
        return True

    def _finish(self) -> None:
        """The average of the weights becomes the weights, where the optimizer keeps one."""
        average = self.steps.moments.get("average")
        if average is not None and self.steps.updates[0]:
            self.steps.network.trained_values[...] = average.buffer

    def _warn_of_divergence(self, loss: float) -> None:
        """Say it once, after the first epoch whose loss is not finite; only where fit was told to go on."""
        known = self.history.history.get("loss", [])[-1:]
        if self.plan.on_non_finite == "ignore" and not math.isfinite(loss) and all(map(math.isfinite, known)):
            warnings.warn(
                f"fit: the loss is {loss} after epoch {self.epoch + 1}. Lower the learning rate, or clip the gradients "
                "(the optimizers' global_clipnorm=1.0).",
                RuntimeWarning,
                stacklevel=5,
            )
