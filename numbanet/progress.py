"""The progress of fit: a live line on a terminal, a plain line for each epoch elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from .terminal import new_line

REFRESH = 0.2  # seconds between two updates of the live line


def seconds(value: float) -> str:
    """2.34 -> "2.3 s", 12.3 -> "12 s", 75 -> "1:15"."""
    if value < 60:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    return f"{int(value) // 60}:{int(value) % 60:02}"


def format_value(value: Any) -> str:
    """A number in four digits; an array by its shape."""
    if np.ndim(value):
        return f"array{np.shape(value)}"
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3e}"


class Progress:
    """verbose 0 prints nothing, 1 a live line, 2 a line for each epoch; "auto" is 1 on a terminal, else 2.

    total: samples, or whatever `unit` says, of an epoch; None where that is not known before its end. `total` can be
    set at any time, and must be before `end`.
    """

    def __init__(self, verbose: int | str, epochs: int, total: int | None, unit: str = "samples") -> None:
        if verbose == "auto":
            verbose = 1 if sys.stdout.isatty() else 2
        self.live, self.plain = verbose == 1, verbose == 2
        self.epochs, self.total, self.unit = epochs, total, unit
        self._line = new_line() if self.live else None

    def begin(self, epoch: int) -> None:
        """Start an epoch; the first is 0."""
        self.epoch, self._start, self._shown = epoch, time.perf_counter(), 0.0

    @property
    def due(self) -> bool:
        """Whether the live line should be drawn again."""
        return self.live and time.perf_counter() - self._shown > REFRESH

    def update(self, done: int, results: dict[str, Any]) -> None:
        """Draw the live line: `done` samples of this epoch have been trained on."""
        self._shown = now = time.perf_counter()
        elapsed = now - self._start
        share, left = None, [f"{done:,} {self.unit}"]
        if self.total:
            share = done / self.total
            left = [f"{seconds(elapsed / max(share, 1e-9) * (1 - share))} left"]
        if self._line:
            self._line.draw(self._head(), share, [*_values(results), *left, self._rate(done, elapsed)])

    def end(self, results: dict[str, Any]) -> None:
        """Finish an epoch's line, with the time that the remaining epochs need."""
        elapsed = time.perf_counter() - self._start
        left = elapsed * (self.epochs - self.epoch - 1)
        fields = [*_values(results), f"{seconds(left)} left", self._rate(self.total or 0, elapsed)]
        if self._line:
            self._line.finish(self._head(), fields)
        elif self.plain:
            print("  ".join([self._head(), *fields]), flush=True)

    def close(self) -> None:
        """Leave a live line that was interrupted."""
        if self._line:
            self._line.close()

    def _head(self) -> str:
        width = len(str(self.epochs))
        return f"epoch {self.epoch + 1:{width}}/{self.epochs}"

    def _rate(self, done: int, elapsed: float) -> str:
        return f"{done / elapsed:,.0f} {self.unit}/s"


def _values(results: dict[str, Any]) -> list[str]:
    return [f"{name} {format_value(value)}" for name, value in results.items()]
