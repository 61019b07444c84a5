"""Judge by the average of the weights."""

from __future__ import annotations

from .base import Callback, Logs


class SwapEMAWeights(Callback):
    """Validates with the average that an optimizer with use_ema=True keeps, and trains on with the weights.

    Other callbacks find the average in the model until the epoch has ended: what EarlyStopping restores is what was
    validated, and so is what `nn.load_model` makes of a checkpoint. Raises StateError where the optimizer keeps no
    average.
    """

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._swapped = False
        self._swap()
        self._swap()

    def _swap(self) -> None:
        self.model.swap_average()
        self._swapped = not self._swapped

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._swap()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._back()

    def on_interrupt(self) -> None:
        self._back()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._back()

    def _back(self) -> None:
        if self._swapped:
            self._swap()
