"""What the sanity tools have in common: an answer in words, and a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ...figures import new_figure


class Finding:
    """An answer. ok: whether all is as it should be; the finding is true then. verdict: the same in words."""

    ok: bool
    verdict: str
    size = (5.0, 3.4)  # of its picture, in inches

    def __bool__(self) -> bool:
        return self.ok

    def lines(self) -> list[str]:
        """The numbers, for its text."""
        raise TypeError(f"{type(self).__name__} must define lines()")

    def draw(self, axes: Any) -> None:
        """Draw the numbers."""
        raise TypeError(f"{type(self).__name__} must define draw(axes)")

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw it; returns the matplotlib figure.

        path: of a file to write as well, of any kind that matplotlib knows by its ending, such as .png, .pdf or .svg.
        Raises MissingDependency without matplotlib.
        """
        figure = new_figure(*self.size)
        self.draw(figure.add_subplot())
        if path is not None:
            figure.savefig(path, dpi=120)
        return figure

    def __repr__(self) -> str:
        return "\n".join([*self.lines(), self.verdict])


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of words as lines: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
