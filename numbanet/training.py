"""The loop of fit: epochs, batches, validation and callbacks."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .batches import Batch, Batches, Feed
from .callbacks import Callback, History, ModelCheckpoint, TerminateOnNaN
from .callbacks.model_checkpoint import BEST
from .checks import fail, non_negative_integer, positive_integer
from .errors import ArgumentError, FileError, NonFiniteError, StateError
from .evaluation import evaluate
from .interrupts import Interrupted, Interrupts
from .io.checkpoint import count, steps_saved
from .io.tensors import blame, path_text
from .progress import Progress
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
        self._resumed: dict[str, Any] | None = None  # what callbacks are still to take over
        self._before: Any = None  # the model as it was, until they did
        self._source = ""  # the file
        self._place: str | None = None  # what fit was given
        self._logs: dict[str, Any] = {}
        self._interrupts = Interrupts()

    # --- what a checkpoint keeps

    def get_state(self) -> dict[str, Any]:
        """What another Training needs to go on from here: nested dicts and lists of arrays and JSON values."""
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "feed": self.feed.description,
            "results": [np.array(state) for state in (self.steps.mean_loss, *self.steps.states)],
            "callbacks": [{"class_name": type(c).__name__, "state": c.get_state()} for c in self.callbacks],
        }

    def set_state(self, state: Any) -> None:
        """Go on from a state, once `run` is called. Raises ArgumentError where the fit is another one.

        Raises FileError for what `get_state` does not give. On errors nothing is changed.
        """
        if state is None:  # the checkpoint of a loop of the user's own
            self._resumed, self.epoch, self.batch = None, self.plan.initial_epoch, 0
            return
        with blame(self._source):
            _expect_state(state, (self.steps.mean_loss, *self.steps.states))
        if state["batch"] and state["feed"] != self.feed.description:
            raise ArgumentError(
                f"fit: resume_from goes on in the middle of an epoch and expects {state['feed']}. "
                f"Received: {self.feed.description}"
            )
        self._states = _matched(self.callbacks, state["callbacks"])
        self._resumed, self.epoch, self.batch = state, state["epoch"], state["batch"]

    def _restore(self) -> None:
        """Put the callbacks back to where they were; once, after the hooks that begin anew."""
        state = self._resumed
        if state is None:
            self._before = None
            return
        with blame(self._source):
            for callback, kept in self._states:
                callback.set_state(kept)
        if self.steps.optimizer and self.steps.optimizer.schedule is None:
            self.steps.optimizer.learning_rate = self._rate
        for place, kept in zip((self.steps.mean_loss, *self.steps.states), state["results"], strict=True):
            place[...] = kept
        self._resumed = self._before = None

    def resume(self, place: str | os.PathLike[str]) -> None:
        """Go on from a checkpoint, or from the newest of a folder that can be read.

        Where there is none, this is a new beginning if a ModelCheckpoint writes there; else raises FileError.
        """
        path = Path(path_text("fit: resume_from", place))
        files = [path] if path.is_file() else list(steps_saved(path).values())
        if not files and (path / BEST).is_file():  # of save_best_only
            files = [path / BEST]
        if not files:
            savers = [c for c in self.callbacks if isinstance(c, ModelCheckpoint)]
            if not any(path.resolve() == c.folder.resolve() for c in savers):
                raise FileError(
                    f"{path}: expected a checkpoint, or a folder with some, to resume from. A folder without any is a "
                    "new beginning where callbacks has a ModelCheckpoint that writes to it."
                )
            return
        self._before = self.steps.get_state(), self._weights(), self.model.epochs_trained
        for position, file in enumerate(files, 1):
            self._source = os.fspath(file)
            try:
                self.model._read_checkpoint(file, self.set_state)
                break
            except FileError as error:
                if position == len(files):
                    raise
                warnings.warn(f"fit: {error}. It goes on from the checkpoint before.", RuntimeWarning, stacklevel=4)
        self._rate = self.steps.optimizer.learning_rate if self.steps.optimizer else 0.0
        self._place = os.fspath(place)

    def _weights(self) -> dict[str, Any]:
        """Copies of all weights by their names."""
        return dict(zip(self.model.weight_names, self.model.get_weights(), strict=True))

    def _undo(self) -> None:
        """The model as it was before `resume`."""
        state, weights, self.model.epochs_trained = self._before
        self.steps.set_state(state, weights)

    # --- the loop

    def run(self) -> History:
        """Train to the last epoch, and return the history."""
        params: dict[str, Any] = {"epochs": self.plan.epochs, "steps": self.feed.batches, "verbose": self.plan.verbose}
        params |= {"metrics": self._names(), "resumed": self._place}
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
                if self._before is not None:  # what was to be resumed is refused
                    ends.callback(self._undo)
                for callback in reversed(begun):
                    ends.callback(callback.on_train_end, self._logs)
        return self.history

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
            return evaluate(self.steps, data.epoch(), self._interrupts.check)
        finally:
            for callback in self.callbacks:
                callback.on_test_end()
            fixed[...] = kept

    def _run_batches(self, progress: Progress) -> None:
        """The rest of an epoch."""
        watching = [c for c in self.callbacks if c.watches_batches]
        samples, done = 0, self.epoch - self.plan.initial_epoch
        with closing(self.feed.epoch(self.model.epochs_trained, self.batch, done)) as batches:
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


def _expect_state(state: Any, results: Sequence[Any]) -> None:
    """Raises an error of any kind where a state is none that get_state gives, with results like these."""
    count(state["epoch"])
    count(state["batch"])
    wanted, found = ([(a.shape, a.dtype) for a in arrays] for arrays in (results, state["results"]))
    if wanted != found:
        raise ValueError(f"expected metrics {wanted!r:.200}, found {found!r:.200}")
    if not isinstance(state["feed"], dict) or not isinstance(state["callbacks"], list):
        raise ValueError("expected the data and the callbacks of a training, found something else")
    for entry in state["callbacks"]:
        if set(entry) != {"class_name", "state"} or not isinstance(entry["state"], dict):
            raise ValueError(f"expected the class_name and the state of a callback, found {entry!r:.200}")


def _matched(callbacks: Sequence[Callback], kept: list[dict[str, Any]]) -> list[tuple[Callback, dict[str, Any]]]:
    """Each callback with the state of its own: the first of a class with the first one's, and so on.

    Callbacks that were not there begin anew. Raises ArgumentError for a state that is nobody's.
    """
    left, pairs = list(callbacks), []
    for entry in kept:
        name, state = entry["class_name"], entry["state"]
        mine = next((c for c in left if type(c).__name__ == name), None)
        if mine is not None:
            left.remove(mine)
            pairs.append((mine, state))
        elif state:
            raise ArgumentError(
                f"fit: resume_from expects the callbacks of the training that it goes on with, also {name}. "
                f"Received: {[type(c).__name__ for c in callbacks]}"
            )
    return pairs
