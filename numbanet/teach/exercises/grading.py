"""Grades a learner's file: every function against the reference loops and against central differences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...checks import fail, positive
from ...errors import ArgumentError, FileError
from .catalogue import sheet
from .files import MARK, located
from .hypotheses import explained, right
from .running import Run, runs
from .sheet import Piece, Sheet, differences

DAY = 86400.0  # seconds; a timer takes no number of any size
LOOSE = 1e-5  # of central differences with a step of 1e-5 in float64, relative and absolute


@dataclass(frozen=True)
class Check:
    """One check of one array: `passed`, and a `hint` where it is not. against: what it was compared with."""

    function: str
    array: str
    against: str
    passed: bool
    hint: str = ""

    @property
    def points(self) -> int:
        return int(self.passed)


@dataclass(frozen=True, repr=False)
class Grade:
    """The verdict on a file; true where all is right. error: why it could not run, with the line in it."""

    name: str
    path: str
    checks: tuple[Check, ...]
    error: str = ""

    @property
    def passed(self) -> bool:
        return not self.error and all(check.passed for check in self.checks)

    @property
    def points(self) -> int:
        return sum(check.points for check in self.checks)

    @property
    def hints(self) -> tuple[str, ...]:
        """What is wrong, each thing once."""
        told = [f"{c.function}: {c.hint}" for c in self.checks if c.hint]
        return (self.error,) if self.error else tuple(dict.fromkeys(told))

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        verdict = "all right" if self.passed else "not right yet"
        head = f"{self.name}: {verdict}, {self.points} of {len(self.checks)} points"
        if self.error:
            return f"{head}\n  {self.path}: {self.error}"
        rows, last = [], ""
        for c in self.checks:
            hint = "the same" if c.hint and c.hint == last else c.hint
            rows.append(("right" if c.passed else "WRONG", c.function, c.array, c.against, hint))
            last = c.hint
        widths = [max((len(row[k]) for row in rows), default=0) for k in range(4)]
        lines = ["  ".join([*map(str.ljust, row[:4], widths), row[4]]) for row in rows]
        return "\n".join([head, *(f"  {line.rstrip()}" for line in lines)])


def grade(path: str | Path, seconds: float = 20.0) -> Grade:
    """Grade the file of an exercise or exhibit.

    Every function is called at several sizes, in float64, and what it writes is compared with the reference loops and,
    where it is a gradient, with central differences. A wrong result is compared with those of usual mistakes, and the
    hint tells which of them it is. The Grade is true where all is right; print it for a table.

    The file runs in a process of its own, which is ended after `seconds`, a day at most. What it prints is not shown:
    to see that, run the file yourself. It runs unsandboxed and can do whatever you can: grade no file that you would
    not run. Raises ArgumentError where the file belongs to no exercise, and FileError where it cannot be read.
    """
    seconds = positive("grade", "seconds", seconds)
    if seconds > DAY:
        fail("grade", "seconds", f"{DAY:g}, a day, at most", seconds)
    place = located("grade", path)
    try:
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"grade: {place} cannot be read: {error}. Write one with nn.teach.exercise(name).") from error
    marked = re.search(rf"^{MARK}(\w+)\s*$", text, re.MULTILINE)
    if marked is None:
        raise ArgumentError(
            f'grade: {place} does not say which exercise it is. Its first line should be "{MARK}<name>", as '
            "nn.teach.exercise(name) writes it."
        )
    it = sheet("grade", marked[1])
    done, error_text, line = runs(it, str(place.resolve()), seconds)
    if error_text:
        return Grade(it.name, str(path), tuple(_unchecked(it)), f"line {line}: {error_text}" if line else error_text)
    checks = [
        check for piece in it.asked for check in _checks(it, piece, [r for r in done if r.function == piece.called])
    ]
    return Grade(it.name, str(path), tuple(checks))


def _unchecked(it: Sheet) -> list[Check]:
    return [Check(p.called, array, "reference loops", False) for p in it.asked for array in p.written]


def _checks(it: Sheet, piece: Piece, done: Sequence[Run]) -> list[Check]:
    checks = []
    touched = _touched(it, piece, done)
    for array in piece.written:
        fine = right(done, array) and not touched
        hint = "" if fine else touched or explained(it, piece.called, array, done)
        checks.append(Check(piece.called, array, "reference loops", fine, hint))
        if array in it.slopes:
            agrees = all(_agrees(it, run, array) for run in done if run.number not in it.bends)
            text = "" if agrees else (hint or "differs from the slope of the loss")
            checks.append(Check(piece.called, array, "central differences", agrees, text))
    return checks


def _touched(it: Sheet, piece: Piece, done: Sequence[Run]) -> str:
    """An argument that should only be read, and was changed."""
    for run in done:
        for name, before in run.before.items():
            if name in piece.written or not isinstance(before, np.ndarray):
                continue
            if not np.array_equal(before, run.received[name]):
                return f"{piece.called} changes its argument {name}, which is only to be read"
    return ""


def _agrees(it: Sheet, run: Run, array: str) -> bool:
    if run.error:
        return False
    return bool(np.allclose(run.received[array], differences(it, array, run.number), LOOSE, LOOSE))
