"""How a fit goes on from a checkpoint: with the model at once, and with the callbacks when they have begun."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .callbacks import Callback, ModelCheckpoint
from .callbacks.model_checkpoint import BEST
from .errors import ArgumentError, FileError
from .io.checkpoint import count, steps_saved
from .io.tensors import blame, path_text
from .steps import Steps


class Resumption:
    """A checkpoint, or the newest of a folder that can be read, which the model takes over.

    `state` is what Training.get_state gave, or None where a loop of the user's own wrote the checkpoint. `place` is
    where it was looked for, or None where a ModelCheckpoint writes and nothing is there yet: a new beginning.

    feed: the description of the data. Raises FileError where there is none to be read, ArgumentError where it is of
    another model or another fit; the model is then as it was.
    """

    def __init__(
        self,
        model: Any,
        steps: Steps,
        callbacks: Sequence[Callback],
        feed: dict[str, Any],
        place: str | os.PathLike[str],
    ) -> None:
        self._model, self._steps, self._callbacks, self._feed = model, steps, callbacks, feed
        self.state: dict[str, Any] | None = None
        self.place: str | None = None
        self.file = ""
        self._pending = False  # whether callbacks are still to take over
        files = _files(Path(path_text("fit: resume_from", place)), callbacks)
        if not files:
            return
        weights = dict(zip(model.weight_names, model.get_weights(), strict=True))
        self._before = steps.get_state(), weights, model.epochs_trained
        for position, file in enumerate(files, 1):
            self.file = os.fspath(file)
            try:
                model._read_checkpoint(file, self._accept)
                break
            except FileError as error:
                if position == len(files):
                    raise
                warnings.warn(f"fit: {error}. It goes on from the checkpoint before.", RuntimeWarning, stacklevel=4)
        self.place, self._pending = os.fspath(place), True
        self._rate = steps.optimizer.learning_rate if steps.optimizer else 0.0

    def _accept(self, state: Any) -> None:
        """Take the state of a checkpoint, if this fit can go on from it."""
        self.state = None
        if state is None:
            return
        with blame(self.file):
            _expect_state(state, self._steps.totals)
        if state["feed"] != self._feed:
            if state["batch"]:
                raise ArgumentError(
                    f"fit: resume_from goes on in the middle of an epoch and expects {state['feed']}. "
                    f"Received: {self._feed}"
                )
            warnings.warn(f"fit goes on with {self._feed}, after epochs of {state['feed']}.", stacklevel=6)
        self._pairs = _matched(self._callbacks, state["callbacks"])
        self.state = state

    def restore(self) -> None:
        """Put the callbacks back to where they were; once, after the hooks that begin anew."""
        if self.state is not None and self._pending:
            for callback, kept in self._pairs:
                with blame(f"{self.file}: the state of {type(callback).__name__}"):
                    callback.set_state(kept)
            if self._steps.optimizer and self._steps.optimizer.schedule is None:
                self._steps.optimizer.learning_rate = self._rate
            for place, kept in zip(self._steps.totals, self.state["results"], strict=True):
                place[...] = kept
            self._model.stop_training = self.state["stop_training"]
        self._pending = False

    def undo(self) -> None:
        """The model as it was, where the callbacks did not take over: what was to be resumed is refused."""
        if self._pending:
            state, weights, self._model.epochs_trained = self._before
            self._steps.set_state(state, weights)


def _files(path: Path, callbacks: Sequence[Callback]) -> list[Path]:
    """What to go on from, the newest first; none for a new beginning."""
    files = [path] if path.is_file() else list(steps_saved(path).values())
    if not files and (path / BEST).is_file():  # of save_best_only
        files = [path / BEST]
    writes = any(isinstance(c, ModelCheckpoint) and path.resolve() == c.folder.resolve() for c in callbacks)
    if not files and not writes:
        raise FileError(
            f"{path}: expected a checkpoint, or a folder with some, to resume from. A folder without any is a new "
            "beginning where callbacks has a ModelCheckpoint that writes to it."
        )
    return files


def _expect_state(state: Any, results: Sequence[Any]) -> None:
    """Raises an error of any kind where a state is none that get_state gives, with results like these."""
    count(state["initial_epoch"])
    count(state["epoch"])
    count(state["batch"])
    wanted, found = ([(a.shape, a.dtype) for a in arrays] for arrays in (results, state["results"]))
    if wanted != found:
        raise ValueError(f"expected metrics {wanted!r:.200}, found {found!r:.200}")
    if not isinstance(state["feed"], dict) or not isinstance(state["callbacks"], list):
        raise ValueError("expected the data and the callbacks of a training, found something else")
    if not isinstance(state["stop_training"], bool):
        raise ValueError(f"expected whether the training ends, found {state['stop_training']!r:.200}")
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
