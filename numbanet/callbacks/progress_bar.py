"""The live line of fit as a callback."""

from __future__ import annotations

from ..checks import fail
from ..progress import Progress
from .base import Callback, Logs


class ProgressBar(Callback):
    """A live line of steps, loss and metrics: what fit shows with verbose=1, wherever the output goes.

    On a terminal rich draws it, if it is installed (pip install 'numbanet[rich]'), and what is printed meanwhile comes
    above it; otherwise the line is plain. Pass it to fit with verbose=0, so that progress is not shown twice; raises
    ArgumentError otherwise.
    """

    on_every_rank = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        params = self.params or {}
        if params.get("verbose", 0) != 0:
            fail("ProgressBar", "fit's verbose", "0, so that progress is not shown twice", params["verbose"])
        self._progress = Progress(1, params.get("epochs", 1), params.get("steps"), "steps")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._progress.begin(epoch)
        self._steps = 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._steps += 1
        if self._progress.due:
            self._progress.update(self._steps, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._progress.total = self._steps
        self._progress.end(logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._progress.close()
