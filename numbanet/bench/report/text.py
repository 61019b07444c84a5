"""Tables as text: in the terminal, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...io import atomic
from ..results import Ladder, Results
from .columns import KERNELS, REFUSED, ROOFS, RUNGS, TRAINING, Column, cells, climb, head, refused, timed

LEGEND = """\
Times are medians of stretches in microseconds; the spread is the distance of their quartiles as a share of the median.
Bound is what limits a kernel by the measured roofs (multiply-adds, memory or launch), and share is how much of that
limit it reaches. The error is the largest difference from the reference, over the array's largest element."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned for those who read it as text."""
    lines = [tuple(map(_plain, line)) for line in (head, *rows)]
    columns = []
    for k, column in enumerate(zip(*lines, strict=True)):
        width = max(map(len, column))
        cells = [cell.ljust(width) if k == 0 else cell.rjust(width) for cell in column]
        columns.append([cells[0], "-" * width if k == 0 else "-" * (width - 1) + ":", *cells[1:]])
    return "\n".join(f"| {' | '.join(line)} |" for line in zip(*columns, strict=True))


def _plain(cell: str) -> str:
    """On one line, and without what Markdown takes for the end of a cell or for HTML."""
    return " ".join(cell.split()).replace("|", "\\|").replace("<", "\\<")


def _rows(columns: Sequence[Column], rows: Iterable[Any]) -> str:
    return table(head(columns), [cells(columns, row) for row in rows])


def kernel_table(results: Results) -> str:
    """The kernels that were timed."""
    return _rows(KERNELS, timed(results.kernels))


def refused_table(results: Results) -> str:
    """The kernels that were not timed, each with the reason."""
    return _rows(REFUSED, refused(results.kernels))


def roof_table(results: Results) -> str:
    return _rows(ROOFS, results.roofs)


def ladder_table(ladder: Ladder) -> str:
    """The rungs of one ladder, then why each is faster."""
    why = [f"- {_plain(step.rung.name)}: {_plain(step.rung.why)}" for step in climb(ladder)]
    return "\n".join([_rows(RUNGS, climb(ladder)), "", *why])


def ladder_title(ladder: Ladder) -> str:
    return f"{ladder.operation} on {ladder.device}, {ladder.dtype}"


def training_table(results: Results) -> str:
    return _rows(TRAINING, results.training)


def origin(results: Results) -> list[tuple[str, str]]:
    """What was measured on, with what and when, as (name, value)."""
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    facts = [*results.machine.items(), ("date", results.date), ("versions", versions)]
    return [(name, value) for name, value in facts if value]


def markdown(results: Results) -> str:
    """The whole report."""
    parts = ["# numbanet bench", "\n".join(f"- {_plain(name)}: {_plain(value)}" for name, value in origin(results))]
    if results.commands:
        parts += ["To repeat it:", "\n".join(f"    {' '.join(command.split())}" for command in results.commands)]
    parts.append("\n".join(f"- {_plain(note)}" for note in results.notes))
    if refused(results.kernels):
        parts += ["## Refused: kernels that differ from the reference, or could not run", refused_table(results)]
    if results.roofs:
        parts += ["## Limits of the machine", roof_table(results)]
    if timed(results.kernels):
        parts += ["## Kernels", LEGEND, kernel_table(results)]
    if results.ladders:
        parts += ["## Ladders", "Speed-ups are those of GFLOP/s, as the first rungs may be tried at a smaller size."]
    for ladder in results.ladders:
        parts += [f"### {_plain(ladder_title(ladder))}", ladder_table(ladder)]
    if results.training:
        parts += ["## Training", training_table(results)]
    return "\n\n".join(filter(None, parts)) + "\n"


def write_markdown(results: Results, path: str | Path) -> None:
    atomic.write(path, [markdown(results).encode()])
