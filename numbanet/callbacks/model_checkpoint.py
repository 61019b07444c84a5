"""Files from which training goes on, and of the best model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import boolean, fail, non_negative_integer, positive_integer
from ..errors import ArgumentError, FileError
from ..io.atomic import remove_leftovers
from ..io.checkpoint import file_name, steps_saved
from ..io.tensors import path_text
from ..progress import format_value
from .base import Callback, Logs
from .monitor import Monitor

BEST = "best.safetensors"


class ModelCheckpoint(Callback):
    """Write checkpoints to `folder`, from which `fit(..., resume_from=folder)` goes on to the same bits.

    every_epochs: after each epoch of that many; None for 1, or, where every_steps is given, for none. every_steps:
    after each step of that many, also in the middle of an epoch. keep: so many of the newest stay, None for all. They
    are called step-000001234.safetensors, by the steps trained. Ctrl-C writes one more, and where fit's verbose is not
    0, a line says which. verbose: 1 says each file that is written, and the best value so far.

    monitor: the checkpoint of the epoch in which this value was best is in best.safetensors as well; mode: "min",
    "max", or "auto", by its name. save_best_only: write no others; training then goes on from the best. `nn.load_model`
    makes a model of any of them.

    A file is there whole or not at all, whenever the process is killed. It runs after all other callbacks, whose states
    it writes, too. Raises ArgumentError where the folder has the best, or later steps, of another training.
    """

    on_every_rank = False

    def __init__(
        self,
        folder: str | os.PathLike[str],
        monitor: str | None = None,
        mode: str = "auto",
        save_best_only: bool = False,
        every_epochs: int | None = None,
        every_steps: int | None = None,
        keep: int | None = 3,
        verbose: int = 0,
    ) -> None:
        owner = "ModelCheckpoint"
        self.folder = Path(path_text(owner, folder)).absolute()
        self.monitor = monitor
        self._monitor = None if monitor is None else Monitor(owner, monitor, mode)
        self.save_best_only = boolean(owner, "save_best_only", save_best_only)
        if save_best_only and monitor is None:
            fail(owner, "monitor", "what is best, such as 'val_loss', with save_best_only=True", monitor)
        self.every_steps = None if every_steps is None else positive_integer(owner, "every_steps", every_steps)
        if every_epochs is None and every_steps is None:
            every_epochs = 1
        self.every_epochs = None if every_epochs is None else positive_integer(owner, "every_epochs", every_epochs)
        self.keep = None if keep is None else positive_integer(owner, "keep", keep)
        self.verbose = non_negative_integer(owner, "verbose", verbose)
        self.best = self._monitor.worst if self._monitor else 0.0

    @property
    def watches_batches(self) -> bool:
        return self.every_steps is not None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._interrupted = self._improved = False
        if self._monitor:
            self._monitor.check(self.params)
            self.best = self.best if self.model.steps_trained else self._monitor.worst  # further fits go on
        resumed = (self.params or {}).get("resumed")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            remove_leftovers(self.folder, r"step-\d+\.safetensors")  # of steps that may not be saved again
        except OSError as error:
            raise FileError(f"{self.folder}: cannot be made: {error.strerror or error}") from error
        known = self.folder / BEST
        if self._monitor and known.exists() and not resumed and self.best == self._monitor.worst:
            raise ArgumentError(
                f"ModelCheckpoint: {known} is the best of another training. Go on with it by fit's resume_from=folder, "
                "take another folder, or remove it."
            )
        later = [step for step in steps_saved(self.folder) if step > self.model.steps_trained]
        # what is later than the newest that could be read is damaged
        if later and not (resumed and Path(resumed).resolve() == self.folder.resolve()):
            raise ArgumentError(
                f"ModelCheckpoint: {self.folder} has checkpoints of another training, up to step {later[0]}. Go on "
                "with it by fit's resume_from=folder, take another folder, or remove them."
            )

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.every_steps and self.model.steps_trained % self.every_steps == 0:
            self._save()

    def judge(self, logs: Logs) -> None:
        """Whether the epoch was the best; fit asks all of its savers before one of them writes the states of all."""
        if self._monitor:
            value = self._monitor.value(logs)
            self._improved = self._monitor.better(value, self.best)
            if self._improved:
                self.best = value

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self._improved:
            self._write(BEST, f": {self.monitor} {format_value(self.best)} is the best so far")
        if self.every_epochs and (epoch + 1) % self.every_epochs == 0:
            self._save()

    def on_interrupt(self) -> None:
        self._save()
        self._interrupted = not self.save_best_only

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._interrupted and not self.verbose and (self.params or {}).get("verbose", 0) != 0:  # below fit's line
            self._say(file_name(self.model.steps_trained))

    def _save(self) -> None:
        """A checkpoint of this step; old ones go once it is there."""
        if self.save_best_only:
            return
        now = self.model.steps_trained
        self._write(file_name(now))
        if self.keep is not None:
            known = [path for step, path in steps_saved(self.folder).items() if step <= now]  # later ones are damaged
            for path in known[self.keep :]:
                path.unlink(missing_ok=True)

    def _write(self, name: str, remark: str = "") -> None:
        self.model.save_checkpoint(self.folder / name)
        if self.verbose:
            self._say(name, remark)

    def _say(self, name: str, remark: str = "") -> None:
        print(f"ModelCheckpoint writes {self.folder / name}{remark}", flush=True)

    def get_state(self) -> dict[str, Any]:
        return {"monitor": self.monitor, "best": np.array(self.best)} if self._monitor else {}

    def set_state(self, state: dict[str, Any]) -> None:
        if self._monitor and "best" in state:
            if state["monitor"] != self.monitor:
                raise ValueError(f"expected monitor {self.monitor!r}, found {state['monitor']!r:.100}")
            self.best = float(state["best"])
