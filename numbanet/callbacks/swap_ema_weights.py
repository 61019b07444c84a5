"""Validation with the average of the weights."""

from __future__ import annotations

from .base import Callback, Logs


class SwapEMAWeights(Callback):
    """Validates with the average that an optimizer with use_ema=True keeps, and trains on with the weights.

    Where training ends, the average becomes the weights anyway; what EarlyStopping restores are the weights of the best
    epoch. Raises StateError where the optimizer keeps no average.
    """

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.model.swap_average()
        self.model.swap_average()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self.model.swap_average()

    def on_test_end(self, logs: Logs | None = None) -> None:
        self.model.swap_average()
