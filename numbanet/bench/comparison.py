"""Two files of results: what became faster or slower, and whether that is more than the noise within each.

What changes between two runs of the same code, as a processor's clock does, is in neither: run each twice to know it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .report.columns import Column, cells, head, number, percent, threads_text, times
from .report.text import table
from .results import Results, Timing


@dataclass(frozen=True)
class Change:
    """The same thing before and after."""

    name: str
    before: Timing
    after: Timing

    @property
    def ratio(self) -> float:
        """The time before over the time after: above 1 is faster."""
        return self.before.median / self.after.median

    @property
    def noise(self) -> float:
        """Half the distances of the quartiles, as shares of the medians, together."""
        return (self.before.spread + self.after.spread) / 2

    @property
    def verdict(self) -> str:
        """Faster or slower where the quartiles lie apart and the medians by more than the noise."""
        if not self.before.spread or not self.after.spread:
            return "same"  # of one stretch nobody knows how noisy it is
        if self.after.high < self.before.low and self.ratio > 1 + self.noise:
            return "faster"
        if self.after.low > self.before.high and 1 / self.ratio > 1 + self.noise:
            return "slower"
        return "same"


@dataclass(frozen=True)
class Comparison:
    """What both files have, most changed first, and the names of what one of them has alone."""

    changes: tuple[Change, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    warnings: tuple[str, ...]  # other machines, other versions


def compare(before: Results, after: Results) -> Comparison:
    """Kernels, rungs and training steps of the same name, device, threads and type."""
    old, new = dict(_timings(before)), dict(_timings(after))
    changes = [Change(name, old[name], new[name]) for name in old if name in new]
    changes.sort(key=lambda change: -max(change.ratio, 1 / change.ratio))
    return Comparison(
        tuple(changes),
        tuple(name for name in old if name not in new),
        tuple(name for name in new if name not in old),
        tuple(_differences(before, after)),
    )


def _timings(results: Results) -> Iterator[tuple[str, Timing]]:
    for kernel in results.kernels:
        if kernel.time:
            yield f"{kernel.name}, {_where(kernel.device, kernel.threads, kernel.dtype)}", kernel.time
    for ladder in results.ladders:
        for rung in ladder.rungs:
            where = _where(ladder.device, rung.threads, ladder.dtype)
            yield f"ladder {ladder.operation}: {rung.name} {rung.size}, {where}", rung.time
    for step in results.training:
        yield f"{step.model}, batch {step.batch}, {_where(step.device, step.threads, step.dtype)}", step.time


def _where(device: str, threads: int, dtype: str) -> str:
    return ", ".join(filter(None, [device, threads_text(threads), dtype]))


def _differences(before: Results, after: Results) -> Iterator[str]:
    for what in ("machine", "versions"):
        old, new = getattr(before, what), getattr(after, what)
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                yield f"{name}: {old.get(name, 'none')} before, {new.get(name, 'none')} after"


COLUMNS = (
    Column("what", lambda change: change.name),
    number("before us", lambda change: change.before.median),
    number("after us", lambda change: change.after.median),
    number("before / after", lambda change: change.ratio, times),
    number("noise", lambda change: change.noise, percent),
    Column("verdict", lambda change: change.verdict),
)


def text(comparison: Comparison) -> str:
    """A table, and lines on what cannot be compared."""
    changes = comparison.changes
    verdicts = [change.verdict for change in changes]
    counted = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in ("faster", "slower", "same"))
    lines = [f"other {warning}" for warning in comparison.warnings]
    lines += [table(head(COLUMNS), [cells(COLUMNS, change) for change in changes]), counted] if changes else []
    for which, names in (("before", comparison.only_before), ("after", comparison.only_after)):
        lines += [f"only {which}: {name}" for name in names]
    return "\n".join(lines or ["nothing to compare"])
