"""Curves and histograms for TensorBoard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import fail, non_negative_integer, positive_integer
from ..errors import MissingDependency
from .base import Callback, Logs

FLUSH = 1  # seconds until tensorboardX, which writes in a thread, has what there is in the file


class TensorBoard(Callback):
    """Write loss and metrics to event files that `tensorboard --logdir logs` shows; needs tensorboardX.

    log_dir: gets a run "train" and, where there is validation, a run "validation", whose curves of one name lie in one
    picture: epoch_loss, epoch_accuracy, ... by epoch, and epoch_learning_rate, that of the last step. update_freq:
    "epoch", "batch", or every so many steps also batch_loss, batch_accuracy, ... by step, the means over the epoch so
    far. histogram_freq: every so many epochs a histogram of each weight; 0 for none. Names are Keras's.

    Arrays, such as a confusion matrix, are no points of a curve and are left out; so are histograms of weights that
    hold NaN or infinity. The state holds the number of steps. Raises MissingDependency, before anything is trained.
    """

    on_every_rank = False

    def __init__(
        self, log_dir: str | os.PathLike[str] = "logs", histogram_freq: int = 0, update_freq: str | int = "epoch"
    ) -> None:
        self.log_dir = Path(log_dir)
        self.histogram_freq = non_negative_integer("TensorBoard", "histogram_freq", histogram_freq)
        if isinstance(update_freq, str) and update_freq not in ("epoch", "batch"):
            fail("TensorBoard", "update_freq", "'epoch', 'batch' or a number of steps", update_freq)
        self.update_freq = update_freq
        self._every = {"epoch": None, "batch": 1}.get(update_freq) if isinstance(update_freq, str) else update_freq
        if self._every is not None:
            positive_integer("TensorBoard", "update_freq", self._every)
        self._writers: dict[str, Any] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        _writer_class()
        self._steps = 0

    @property
    def watches_batches(self) -> bool:
        return self._every is not None

    def _writer(self, run: str) -> Any:
        if run not in self._writers:
            self._writers[run] = _writer_class()(str(self.log_dir / run), flush_secs=FLUSH)
        return self._writers[run]

    def _scalars(self, kind: str, logs: Logs | None, place: int) -> None:
        for name, value in (logs or {}).items():
            if np.ndim(value) == 0:
                run = "validation" if name.startswith("val_") else "train"
                self._writer(run).add_scalar(f"{kind}_{name.removeprefix('val_')}", float(value), place)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._steps += 1
        if self._every and self._steps % self._every == 0:
            self._scalars("batch", logs, self._steps)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        rate = self.model.optimizer.learning_rate
        self._scalars(
            "epoch", {"learning_rate": rate} | (logs or {}), epoch
        )  # a callback that has set the next one logs it
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for name, weights in zip(self.model.weight_names, self.model.get_weights(), strict=True):
                if np.isfinite(weights).all():
                    self._writer("train").add_histogram(f"{name}/histogram", weights, epoch)

    def on_train_end(self, logs: Logs | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def get_state(self) -> dict[str, Any]:
        return {"steps": self._steps}

    def set_state(self, state: dict[str, Any]) -> None:
        self._steps = state["steps"]


def _writer_class() -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise MissingDependency(
            "TensorBoard needs tensorboardX. Install it: pip install 'numbanet[tensorboard]'"
        ) from None
    return SummaryWriter
