"""A value of the logs that callbacks watch, and which way it improves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..checks import choice, non_negative
from ..errors import ArgumentError

FALLS = ("loss", "error", "mae", "mse")
RISES = ("acc", "precision", "recall", "auc")


def direction(name: str) -> str | None:
    """Which is better by the name of a metric: "min" or "max", or None where it does not say."""
    falls, rises = (any(word in name for word in words) for words in (FALLS, RISES))
    if falls == rises:
        return None
    return "min" if falls else "max"


class Monitor:
    """The value called `name`: better by more than `min_delta` where it fell (mode "min") or rose ("max").

    mode "auto" goes by the name. NaN is never better than anything, and any number is better than none so far.
    """

    def __init__(self, owner: str, name: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        self.owner, self.name = owner, name
        choice(owner, "mode", mode, ("auto", "min", "max"))
        self.mode = direction(name) if mode == "auto" else mode
        self.min_delta = non_negative(owner, "min_delta", min_delta)

    @property
    def worst(self) -> float:
        """What every number is better than."""
        return -math.inf if self.mode == "max" else math.inf

    def check(self, params: dict[str, Any] | None) -> None:
        """Raises ArgumentError, before anything is trained, for what fit's logs will not have or do not explain.

        A name that is none of fit's own passes: a callback may add it until an epoch's end.
        """
        known = params["metrics"] if params else []
        if self.name in known:
            self._check_mode()
        elif self.name.startswith("val_") and known and not any(name.startswith("val_") for name in known):
            raise ArgumentError(
                f"{self.owner}: monitor {self.name!r} needs validation_data or a validation_split in fit. "
                f"Without them there is {', '.join(known)}."
            )

    def _check_mode(self) -> None:
        if self.mode is None:
            raise ArgumentError(
                f"{self.owner}: mode must be 'min' or 'max' for monitor {self.name!r}, whose name does not say which "
                "is better. Received: mode='auto'"
            )

    def value(self, logs: dict[str, Any] | None) -> float:
        """The value in an epoch's logs. Raises ArgumentError where it is missing or no number."""
        logs = logs or {}
        if self.name not in logs:
            raise ArgumentError(f"{self.owner}: monitor must be one of {sorted(logs)}. Received: {self.name!r}")
        self._check_mode()
        value = np.asarray(logs[self.name])
        if value.ndim:
            raise ArgumentError(
                f"{self.owner}: monitor must be a number by epoch. Received: {self.name!r}, an array {value.shape}"
            )
        return float(value)

    def better(self, value: float, than: float) -> bool:
        """Whether the value is an improvement."""
        if self.mode == "min":
            return value < than - self.min_delta
        return value > than + self.min_delta
