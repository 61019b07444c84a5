"""What plots tell apart: a colour for each device, threads and dtype, and a shape for each family of operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..results import Results
from .columns import threads_text

# On white and on near black each has a contrast of 4.5 at least; neighbours differ to the colour-blind too.
LIGHT = "#0060a8", "#b34700", "#00704f", "#96357a", "#6b5d00", "#4a4a4a"
DARK = "#62b5f5", "#ff9b57", "#3fcaa2", "#ea92c8", "#d8c84d", "#c2c2c2"

FAMILIES = {
    "dense": ("dense", "perceptron"),
    "convolution": ("conv2d", "depthwise_conv2d"),
    "recurrent": ("simple_rnn", "lstm", "gru"),
}
OTHER = "other"


@dataclass(frozen=True)
class Series:
    """What was run where: rows of one device, number of threads and dtype."""

    device: str
    threads: int
    dtype: str
    label: str
    place: int  # the first has the first colour; behind the last colour they begin anew

    @property
    def color(self) -> int:
        return self.place % len(LIGHT)

    def of(self, rows: Iterable[Any]) -> list[Any]:
        """The rows that are the series's own."""
        return [row for row in rows if (row.device, row.threads, row.dtype) == (self.device, self.threads, self.dtype)]


def all_series(results: Results) -> list[Series]:
    """In the order in which they come up; labels name dtypes where there are several."""
    rows: Sequence[Any] = [*results.roofs, *results.kernels, *results.training]
    keys = list(dict.fromkeys((row.device, row.threads, row.dtype) for row in rows))
    dtypes = {dtype for _, _, dtype in keys}

    def label(device: str, threads: int, dtype: str) -> str:
        return ", ".join(filter(None, [device, threads_text(threads), dtype if len(dtypes) > 1 else ""]))

    return [Series(*key, label(*key), place) for place, key in enumerate(keys)]


def family(operation: str) -> str:
    return next((name for name, members in FAMILIES.items() if operation in members), OTHER)
