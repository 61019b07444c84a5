"""A line of a CSV file for each epoch."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..checks import boolean, fail
from ..errors import ArgumentError
from ..io.checkpoint import count
from .base import Callback, Logs
from .table import csv_lines


class CSVLogger(Callback):
    r"""Write each epoch's number, from 0, and its logs to a CSV file, a line an epoch.

    filename: in a folder that exists. separator: one character, "," or "\t" for example. append: go on in a file that
    has lines, by the columns of its header. Without it the file begins anew, with the first epoch's line.

    Each line reaches the file whole, at the end of its epoch, so an interrupted training leaves whole lines. The
    columns are the names of the first epoch; what another epoch lacks is NA. An array, such as a confusion matrix, is
    a cell of nested lists that json.loads reads.

    The state holds the size of the file: a training that is resumed cuts off the lines behind its checkpoint, so that
    no epoch is there twice. Raises ArgumentError, before anything is trained, for a folder that is not there and for a
    header without some of the names that logs will have.
    """

    on_every_rank = False

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        if not isinstance(filename, str | os.PathLike):
            fail("CSVLogger", "filename", "a path", filename)
        self.filename = Path(filename)
        if not isinstance(separator, str) or len(separator) != 1 or separator in '"\r\n':
            fail("CSVLogger", "separator", "one character, neither a quote nor a line's end", separator)
        self.separator = separator
        self.append = boolean("CSVLogger", "append", append)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self.filename.parent.is_dir():
            fail("CSVLogger", "filename", "in a folder that exists", str(self.filename))
        with open(self.filename, "ab"):  # where it cannot be written, an OSError comes now
            pass
        self._columns: list[str] = []
        self._keep: int | None = 0  # bytes to keep when the first line is written; None from then on
        if self.append:
            self._columns, self._keep = self._header(), self.filename.stat().st_size
            self._check(self.params["metrics"] if self.params else ())

    def _header(self) -> list[str]:
        with open(self.filename, newline="", encoding="utf-8") as file:
            return next(csv.reader(file, delimiter=self.separator), [])

    def _check(self, names: Iterable[str]) -> None:
        """Raises ArgumentError where the file has columns, but none for some of the names."""
        if self._columns and (missing := [name for name in names if name not in self._columns]):
            raise ArgumentError(
                f"CSVLogger: with append=True filename must have a column for {', '.join(missing)}. Received: "
                f"{str(self.filename)!r} with {', '.join(self._columns)}. Take another file, or append=False."
            )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        values = {"epoch": epoch, **(logs or {})}
        if self._keep is not None:  # callbacks may have added names
            self._check(values)
        self._columns = self._columns or list(values)
        with open(self.filename, "ab") as file:
            size = file.tell()
            if self._keep is not None:
                size = file.truncate(min(self._keep, size))
                self._keep = None
            text = csv_lines([] if size else self._columns, [values], self._columns, self.separator)
            file.write((self._torn(size) + text).encode())

    def _torn(self, size: int) -> str:
        """What ends a line that another program left without an end."""
        with open(self.filename, "rb") as file:
            file.seek(max(size - 1, 0))
            return "" if file.read(1) in (b"\n", b"") else "\n"

    def get_state(self) -> dict[str, Any]:
        """The columns, and the size of the file in bytes."""
        size = self.filename.stat().st_size if self._keep is None else self._keep
        return {"columns": list(self._columns), "size": size}

    def set_state(self, state: dict[str, Any]) -> None:
        columns = state["columns"]
        if not isinstance(columns, list) or any(not isinstance(name, str) for name in columns):
            raise ValueError(f"CSVLogger: expected names of columns, found {columns!r:.100}")
        self._columns, self._keep = list(columns), count(state["size"])
        self._check(["epoch", *(self.params["metrics"] if self.params else ())])
