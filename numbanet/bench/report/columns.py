"""The columns of the tables, for terminal, Markdown and page alike: what a cell says, and what it is sorted by."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..results import KernelRow, Ladder, Roof, Rung

CACHE = 1.25  # a level whose bandwidth is not so much above the next one's is no cache of its own

Value = Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """A column: its title, with the unit; a row's value, or None; and the value as text."""

    title: str
    value: Value
    text: Callable[[Any], str] = str
    numeric: bool = False

    def cell(self, row: Any) -> str:
        """What stands in the table; nothing where there is no value."""
        value = self.value(row)
        return "" if value is None else self.text(value)


def head(columns: Sequence[Column]) -> list[str]:
    return [column.title for column in columns]


def cells(columns: Sequence[Column], row: Any) -> list[str]:
    return [column.cell(row) for column in columns]


def figure(value: float) -> str:
    """Three significant digits, four from 1,000 on."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    size = int(f"{value:.2e}".partition("e")[2])  # of the rounded value: 9.996 is 10.0
    if size < -3 or size > 8:
        return f"{value:.2e}"
    if size >= 3:
        return f"{round(value, 3 - size):,.0f}"
    return f"{value:.{max(0, 2 - size)}f}"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.1f} %"


def times(ratio: float) -> str:
    return f"{figure(ratio)}x"


def threads_text(threads: int) -> str:
    """Nothing of a GPU, which has none."""
    return f"{threads} thread{'s' * (threads > 1)}" if threads else ""


def bytes_text(count: float) -> str:
    """In binary units: 32 KiB."""
    size = min(3, max(0, int(math.log2(count) // 10))) if count > 0 else 0
    return f"{count / 1024**size:.3g} {('B', 'KiB', 'MiB', 'GiB')[size]}"


def number(title: str, value: Value, text: Callable[[float], str] = figure) -> Column:
    return Column(title, value, text, numeric=True)


def caches(roof: Roof) -> list[tuple[float, float]]:
    """(bytes, GB/s) of the levels that are faster than what follows them, fastest first."""
    found: list[tuple[float, float]] = []
    below = roof.gbs
    for level in reversed(roof.levels[:-1]):
        if level.gbs > CACHE * below:
            found.append((level.bytes, level.gbs))
            below = level.gbs
    return found[::-1]


def ridge(roof: Roof) -> float | None:
    """FLOPs for each byte from which on memory is no limit."""
    return roof.gflops / roof.gbs if roof.gbs else None


@dataclass(frozen=True)
class Step:
    """A rung, and how many times faster it is than the one before and than the first, by GFLOP/s.

    By GFLOP/s and not by time, as plain Python is tried at a smaller size.
    """

    rung: Rung
    over_before: float | None
    over_first: float | None


def climb(ladder: Ladder) -> list[Step]:
    """The rungs of a ladder with their speed-ups."""
    rungs = ladder.rungs
    steps = [Step(rungs[0], None, None)] if rungs else []
    for before, rung in itertools.pairwise(rungs):
        steps.append(Step(rung, rung.gflops / before.gflops, rung.gflops / rungs[0].gflops))
    return steps


def timed(rows: Iterable[KernelRow]) -> list[KernelRow]:
    return [row for row in rows if row.time and not row.refused]


def refused(rows: Iterable[KernelRow]) -> list[KernelRow]:
    return [row for row in rows if row.refused]


_WHICH = (
    Column("kernel", lambda row: f"{row.operation}.{row.function}"),
    Column("size", lambda row: row.size),
    Column("device", lambda row: row.device),
    number("threads", lambda row: row.threads or None, str),
    Column("dtype", lambda row: row.dtype),
)
_TIME = (
    number("median us", lambda row: row.time.median),
    number("spread", lambda row: row.time.spread, percent),
)
KERNELS = (
    *_WHICH,
    *_TIME,
    number("GFLOP/s", lambda row: row.gflops if row.flops else None),
    number("GB/s", lambda row: row.gbs),
    number("FLOPs/byte", lambda row: row.intensity if row.flops else None),
    Column("bound", lambda row: row.bound),
    number("share", lambda row: row.share if row.bound else None, percent),
    number("error", lambda row: row.error),
    number("launch us", lambda row: row.launch_us),
    number(
        "compile s", lambda row: 0.0 if row.loaded else row.compile_s or None, lambda s: figure(s) if s else "loaded"
    ),
    number("copy us", lambda row: row.copy_us),
)
REFUSED = (*_WHICH, number("error", lambda row: row.error), Column("reason", lambda row: row.refused))
ROOFS = (
    Column("device", lambda roof: roof.device),
    number("threads", lambda roof: roof.threads or None, str),
    Column("dtype", lambda roof: roof.dtype),
    number("multiply-adds GFLOP/s", lambda roof: roof.gflops),
    number("memory GB/s", lambda roof: roof.gbs),
    number("ridge FLOPs/byte", ridge),
    number("launch us", lambda roof: roof.launch_us),
    Column("caches GB/s", lambda roof: ", ".join(f"{figure(gbs)} to {bytes_text(size)}" for size, gbs in caches(roof))),
)
RUNGS = (
    Column("rung", lambda step: step.rung.name),
    Column("size", lambda step: step.rung.size),
    number("threads", lambda step: step.rung.threads or None, str),
    number("median us", lambda step: step.rung.time.median),
    number("spread", lambda step: step.rung.time.spread, percent),
    number("GFLOP/s", lambda step: step.rung.gflops),
    number("over the one before", lambda step: step.over_before, times),
    number("over the first", lambda step: step.over_first, times),
    number("error", lambda step: step.rung.error),
)
TRAINING = (
    Column("model", lambda row: row.model),
    number("batch", lambda row: row.batch, str),
    Column("device", lambda row: row.device),
    number("threads", lambda row: row.threads or None, str),
    Column("dtype", lambda row: row.dtype),
    number("step us", lambda row: row.time.median),
    number("spread", lambda row: row.time.spread, percent),
    number("samples/s", lambda row: row.samples_per_second),
    number("kernels", lambda row: row.kernels, str),
    number("GFLOP/s", lambda row: row.flops / row.time.median / 1e3),
    number("GB/s", lambda row: row.bytes / row.time.median / 1e3),
    Column("bound", lambda row: row.bound),
    number("share", lambda row: row.share if row.bound else None, percent),
    number("loss", lambda row: row.losses[0] if row.losses else None),
)
