"""A line on the terminal that is drawn again and again: by rich where it is installed, else by carriage returns."""

from __future__ import annotations

import shutil
import sys
from typing import Any

BAR = 12  # characters
GAP = 2  # spaces between two fields


def _fitting(fields: list[str], room: int) -> list[str]:
    """The first fields, as many as fit in so many characters, but one at least."""
    while len(fields) > 1 and len((" " * GAP).join(fields)) > room:
        fields = fields[:-1]
    return fields


class Line:
    """A line of plain characters. One that is too long loses its last fields, so that it stays one line."""

    def __init__(self) -> None:
        self._drawn = 0

    def draw(self, head: str, share: float | None, fields: list[str]) -> None:
        """Draw it anew: head, a bar of that share unless it is None, and the fields that fit."""
        if share is not None:
            head += " " + "█" * int(BAR * share) + "░" * (BAR - int(BAR * share))
        room = shutil.get_terminal_size().columns - 1
        line = (" " * GAP).join(_fitting([head, *fields], room))[:room]
        sys.stdout.write("\r" + line.ljust(min(self._drawn, room)))
        sys.stdout.flush()
        self._drawn = len(line)

    def finish(self, head: str, fields: list[str]) -> None:
        """Draw it for the last time; the next begins below."""
        self.draw(head, None, fields)
        print(flush=True)
        self._drawn = 0

    def close(self) -> None:
        """Leave a line that was interrupted."""
        if self._drawn:
            print(flush=True)
            self._drawn = 0


class RichLine:
    """The same drawn by rich: in colours, and what is printed meanwhile comes above it."""

    def __init__(self) -> None:
        self._live: Any = None

    def draw(self, head: str, share: float | None, fields: list[str]) -> None:
        """Draw it anew: head, a bar of that share unless it is None, and the fields that fit."""
        from rich.console import Console
        from rich.live import Live
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        if self._live is None:
            self._live = Live(console=Console(file=sys.stdout), auto_refresh=False)
            self._live.start()
        bar = [] if share is None else [" " * BAR]
        start = (" " * GAP).join([head, *bar])
        fields = _fitting([start, *fields], self._live.console.width - 1)[1:]
        parts = [Text(head, "bold"), *(ProgressBar(1.0, share, BAR) for _ in bar), *map(Text, fields)]
        row = Table.grid(padding=(0, GAP, 0, 0))
        for _ in parts:
            row.add_column(no_wrap=True)
        row.add_row(*parts)
        self._live.update(row, refresh=True)

    def finish(self, head: str, fields: list[str]) -> None:
        """Draw it for the last time; the next begins below."""
        self.draw(head, None, fields)
        self.close()

    def close(self) -> None:
        """Leave the line as it is, also where it was interrupted."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def new_line() -> Line | RichLine:
    """The best that there is for where the output goes."""
    if not sys.stdout.isatty():
        return Line()
    try:
        from rich.console import Console
    except ImportError:
        return Line()
    return Line() if Console(file=sys.stdout).is_dumb_terminal else RichLine()
