"""The progress of fit: a live line on a terminal, a plain line for each epoch elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any

from .callbacks import format_value

REFRESH = 0.2  # seconds between two updates of the live line
BAR = 12  # characters


def seconds(value: float) -> str:
    """2.34 -> "2.3 s", 12.3 -> "12 s", 75 -> "1:15"."""
    if value < 60:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    return f"{int(value) // 60}:{int(value) % 60:02}"


class Progress:
    """verbose 0 prints nothing, 1 a live line, 2 a line for each epoch; "auto" is 1 on a terminal, else 2.

    On a terminal a line that is too long for it loses its last fields, so that it stays one line.
    """

    def __init__(self, verbose: int | str, epochs: int, samples: int) -> None:
        if verbose == "auto":
            verbose = 1 if sys.stdout.isatty() else 2
        self.live, self.plain = verbose == 1, verbose == 2
        self.epochs, self.samples = epochs, samples
        self._drawn = 0

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
        share = done / self.samples
        elapsed = now - self._start
        left = elapsed / max(share, 1e-9) * (1 - share)
        bar = "█" * int(BAR * share) + "░" * (BAR - int(BAR * share))
        self._draw([f"{self._head()} {bar}", *_values(results), f"{seconds(left)} left", _rate(done, elapsed)])

    def end(self, results: dict[str, Any]) -> None:
        """Finish an epoch's line, with the time that the remaining epochs need."""
        elapsed = time.perf_counter() - self._start
        left = elapsed * (self.epochs - self.epoch - 1)
        fields = [self._head(), *_values(results), f"{seconds(left)} left", _rate(self.samples, elapsed)]
        if self.live:
            self._draw(fields)
            print(flush=True)
            self._drawn = 0
        elif self.plain:
            print("  ".join(fields), flush=True)

    def close(self) -> None:
        """Leave a live line that was interrupted."""
        if self._drawn:
            print(flush=True)

    def _head(self) -> str:
        width = len(str(self.epochs))
        return f"epoch {self.epoch + 1:{width}}/{self.epochs}"

    def _draw(self, fields: list[str]) -> None:
        room = shutil.get_terminal_size().columns - 1
        while len(fields) > 1 and len("  ".join(fields)) > room:
            fields = fields[:-1]
        line = "  ".join(fields)[:room]
        sys.stdout.write("\r" + line.ljust(min(self._drawn, room)))
        sys.stdout.flush()
        self._drawn = len(line)


def _values(results: dict[str, Any]) -> list[str]:
    return [f"{name} {format_value(value)}" for name, value in results.items()]


def _rate(samples: int, elapsed: float) -> str:
    return f"{samples / elapsed:,.0f} samples/s"
