"""The learning rate as callbacks may change it."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError


def check_settable(owner: str, optimizer: Any) -> None:
    """Raises ArgumentError where the learning rate follows a schedule, which no callback can override."""
    if optimizer.schedule is not None:
        raise ArgumentError(
            f"{owner}: expected an optimizer whose learning_rate is a number, which this callback changes. "
            f"Received: {optimizer!r}. Take either the schedule or the callback."
        )
