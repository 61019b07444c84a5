"""The loop of fit: epochs, batches, validation and callbacks."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import numpy as np

from .callbacks import Callback, History, ModelCheckpoint, SwapEMAWeights, TerminateOnNaN
from .checks import fail, non_negative_integer, positive_integer
from .data.batches import Batch, Batches, Feed
from .errors import DeviceError, NonFiniteError, StateError
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
    def guarded(self) -> bool:
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
    if steps.network.following_its_layers() is not steps.network:
        warnings.warn("fit: layers were frozen or unfrozen. Compile again to train so.", stacklevel=3)


def warn_of_other_rate(optimizer: Any, initial: float) -> None:
    """Say that a training does not go on as it was."""
    warnings.warn(
        f"the checkpoint is of a training that began with learning_rate={initial:g}. This one goes on with "
        f"{optimizer.learning_rate:g}, which the model was compiled with: to other bits.",
        RuntimeWarning,
        stacklevel=4,
    )


class Runner(Protocol):
    """Who trains a model: this process alone, or a process of several."""

    def feed(self, steps: Steps, source: Batches, guarded: bool) -> Feed | None:
        """The steps of the batches, in place of those that this process alone would make; or None."""

    def training(self, model: Any, steps: Steps, feed: Feed, validation: Batches | None, plan: Plan) -> Training:
        """One fit."""

    def evaluate(self, steps: Steps, data: Batches) -> dict[str, Any]:
        """Loss and metrics over the data."""


class Alone:
    """This process, as in Runner."""

    def feed(self, steps: Steps, source: Batches, guarded: bool) -> None:
        """None: whatever suits the data."""

    def training(self, model: Any, steps: Steps, feed: Feed, validation: Batches | None, plan: Plan) -> Training:
        """One fit."""
        return Training(model, steps, feed, validation, plan)

    def evaluate(self, steps: Steps, data: Batches) -> dict[str, Any]:
        """Loss and metrics over the data."""
        return evaluate(steps, data.epoch())


class _Stopped(Exception):
    """A TerminateOnNaN ends the training between two steps."""


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
        # the history keeps what others add to logs, they judge before the weights are swapped back, and a checkpoint
        # keeps what all of them came to
        swappers = [c for c in plan.callbacks if isinstance(c, SwapEMAWeights)]
        self._savers = [c for c in plan.callbacks if isinstance(c, ModelCheckpoint)]
        others = [c for c in plan.callbacks if c not in swappers and c not in self._savers]
        self.callbacks: list[Callback] = [*others, self.history, *swappers, *self._savers]
        self.initial_epoch = self.epoch = plan.initial_epoch
        self.batch = 0
        self._resumption: Resumption | None = None
        self._logs: dict[str, Any] = {}
        self._interrupts = Interrupts()

    # --- what a checkpoint keeps

    def get_state(self) -> dict[str, Any]:
        """What another Training needs to go on from here: nested dicts and lists of arrays and JSON values."""
        return {
            "initial_epoch": self.initial_epoch,
            "epoch": self.epoch,
            "batch": self.batch,
            "stop_training": bool(self.model.stop_training),
            "feed": self.feed.description,
            "results": [np.array(total) for total in self.steps.totals],
            "callbacks": [{"class_name": type(c).__name__, "state": c.get_state()} for c in self.callbacks],
        }

    @property
    def validated(self) -> str:
        """What validation judges: "weights", or "average"."""
        swaps = any(isinstance(c, SwapEMAWeights) for c in self.callbacks)
        return "average" if swaps and self.steps.updates[0] else "weights"

    def resume(self, place: str | os.PathLike[str]) -> None:
        """Go on from a checkpoint, as `run` then does. Raises what Resumption raises."""
        self._resumption = Resumption(self.model, self.steps, self.callbacks, self.feed.description, place)
        if state := self._resumption.state:
            self.initial_epoch, self.epoch, self.batch = state["initial_epoch"], state["epoch"], state["batch"]

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
                if not self.batch or self.epoch >= self.plan.epochs:
                    self._restore()
                self._say_where_it_goes_on()
                first = self.model.steps_trained
                with suppress(_Stopped):
                    while self.epoch < self.plan.epochs and not self.model.stop_training:
                        self._run_epoch(progress)
                self._finish(self.model.steps_trained > first)
        except Interrupted:
            self._interrupted(begun)
        finally:
            progress.close()
            with ExitStack() as ends:  # each of them, also where one before it fails
                if self._resumption is not None:
                    ends.callback(self._resumption.undo)
                for callback in reversed(begun):
                    ends.callback(callback.on_train_end, self._logs)
        return self.history

    def _interrupted(self, begun: list[Callback]) -> NoReturn:
        """Tell all callbacks, and raise the very class for which Python ends as programs end after Ctrl-C."""
        problem: Exception | None = None
        for callback in begun:
            try:
                callback.on_interrupt()
            except Exception as error:
                problem = error
        raise KeyboardInterrupt from problem

    def _say_where_it_goes_on(self) -> None:
        resumption = self._resumption
        if self.plan.verbose != 0 and resumption is not None and resumption.place is not None:
            where = f"epoch {self.epoch + 1}" + (f", batch {self.batch + 1}" if self.batch else "")
            if self.epoch >= self.plan.epochs or self.model.stop_training:
                where = f"{self.epoch} epochs, after which there is nothing left to train"
            print(f"fit goes on from {resumption.file}: {where}", flush=True)

    @property
    def _done(self) -> int:
        """The epochs that this fit, or one that it goes on with, has done."""
        return self.epoch - self.initial_epoch

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
            if callback in self._savers[:1]:
                for saver in self._savers:  # all of them, before one writes the states of all
                    saver.judge(logs)
            callback.on_epoch_end(epoch, logs)
        self._interrupts.check()

    def _validate(self, data: Batches) -> dict[str, Any]:
        fixed = self.steps.network.fixed
        kept = np.array(fixed)  # the states of stateful layers go on from the training data
        with ExitStack() as ends:  # each of them, also where one before it fails
            ends.callback(fixed.__setitem__, ..., kept)
            for callback in self.callbacks:
                callback.on_test_begin()
                ends.callback(callback.on_test_end)
            found = self._judge(data)
        return found

    def _judge(self, data: Batches) -> dict[str, Any]:
        """Loss and metrics over the validation data."""
        return evaluate(self.steps, data.epoch(done=self._done), self._interrupts.check)

    def _run_batches(self, progress: Progress) -> None:
        """The rest of an epoch."""
        watching = [c for c in self.callbacks if c.watches_batches]
        samples = 0
        last: Batch | None = None
        before = self.model.steps_trained - self.batch
        with (
            closing(self.feed.epoch(self.model.epochs_trained, self.batch, self._done)) as batches,
            self._settled(lambda: last, before),
        ):
            while (batch := self._next(batches)) is not None:
                for callback in watching:
                    callback.on_train_batch_begin(self.batch)
                if last is not None and last.step is not batch.step:
                    self._try(last.settle)
                self._try(batch.run, bool(watching))
                last = batch
                self.batch += 1
                samples += len(batch)
                if watching:
                    logs = self.steps.results()
                    for callback in watching:
                        callback.on_train_batch_end(self.batch - 1, logs)
                if progress.due:
                    progress.update(samples, self.steps.results())
                self._interrupts.check()
            if last is not None:
                self._try(last.settle)
        if self.feed.samples is None:
            progress.total = samples

    @contextmanager
    def _settled(self, last: Callable[[], Batch | None], before: int) -> Iterator[None]:
        """Whatever ends the block: a step that stopped, and was not noticed, is what is to be told, and undone."""
        try:
            yield
        except BaseException as error:
            batch = last()
            try:
                if batch is not None and not isinstance(error, NonFiniteError | DeviceError | _Stopped):
                    self._try(batch.settle)
            finally:
                if not isinstance(error, DeviceError):
                    self.batch = self.model.steps_trained - before
            raise

    def _next(self, batches: Iterator[Batch]) -> Batch | None:
        """The next batch, for which Ctrl-C need not wait; None behind the last one."""
        self._interrupts.at_once = True
        try:
            return next(batches, None)
        finally:
            self._interrupts.at_once = False

    def _try(self, action: Callable[..., None], *arguments: Any) -> None:
        """Do what may raise NonFiniteError."""
        try:
            action(*arguments)
        except NonFiniteError as error:
            if self.plan.on_non_finite == "error":
                raise
            warnings.warn(f"fit ends: {error}", RuntimeWarning, stacklevel=6)
            self.model.stop_training = True
            raise _Stopped from None

    def _finish(self, trained: bool) -> None:
        """The average of the weights becomes the weights, where the optimizer keeps one.

        Raises NonFiniteError where the last update made weights NaN or infinite, which no step has seen.
        """
        if trained and self.plan.on_non_finite == "error":
            self.steps.expect_finite_weights()
        average = self.steps.moments.get("average")
        if average is not None and self.steps.updates[0] and (trained or self._resumption is not None):
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
