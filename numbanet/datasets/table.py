"""Tables in CSV files: columns by name, read once and checked where they are used."""

from __future__ import annotations

import csv
import gzip
import itertools
import numbers
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TextIO

import numpy as np

from ..checks import fail, near_miss
from ..errors import ArgumentError, DataError, FileError
from ..io.tensors import path_text
from .idx import GZIP

BLOCK = 8192  # rows that are text at a time: as Python's texts they take ten times their space as numbers
OTHER_DELIMITERS = ";\t|"
SHOWN = 40  # names of columns in an error


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of a CSV file: `table["age"]`, or by its place `table[0]`, is one of them as an array (N,).

    columns: their names; without a header line "0", "1", ...
    """

    path: str
    columns: tuple[str, ...]
    _values: Sequence[Any] = field(repr=False)  # of each column an array of int64 or float64, or a list of texts
    _lines: Any = field(repr=False)  # in which line of the file each row begins

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, column: str | int) -> Any:
        """A column: int64 where all cells are whole numbers, float64 where all are numbers, else their texts.

        Raises ArgumentError where there is no such column, DataError where a cell is empty, NaN or infinite.
        """
        place = self.place(column)
        values = self._values[place]
        if isinstance(values, list):
            if "" in values:
                self._refuse(values.index(""), place, "a value", "")
            return np.array(values)
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values)))
            self._refuse(row, place, "a finite number", values[row])
        return values.copy()

    def place(self, column: str | int) -> int:
        """The place of a column that is given by its name, or by its place, from the end where that is negative."""
        count = len(self.columns)
        if isinstance(column, numbers.Integral) and not isinstance(column, bool) and -count <= column < count:
            return int(column) % count
        if column in self.columns:
            return self.columns.index(str(column))
        shown = ", ".join(self.columns[:SHOWN]) + (", ..." if count > SHOWN else "")
        alone = [d for d in OTHER_DELIMITERS if count == 1 and d in self.columns[0]]
        hint = f" Perhaps delimiter={alone[0]!r}?" if alone else near_miss(column, self.columns)
        raise ArgumentError(f"{self.path}: expected one of its columns {shown}. Received: {column!r}.{hint}")

    def features(self, columns: Sequence[str | int]) -> Any:
        """Columns beside each other, (N, F) float32: to each number the nearest.

        Raises ArgumentError where there is no such column, DataError where a cell is no number that float32 holds.
        """
        x = np.empty((len(self), len(columns)), np.float32)
        for place, column in enumerate(columns):
            x[:, place] = self._float32(self.place(column))
        return x

    def target(self, column: str | int) -> Any:
        """A column as a target, (N,): int64, float32 or texts. Raises what `table[column]` does."""
        values = self[column]
        return self._float32(self.place(column)) if values.dtype == np.float64 else values

    def _float32(self, place: int) -> Any:
        values = self._values[place]
        if isinstance(values, list):
            self._refuse(*next((row, place, "a number", v) for row, v in enumerate(values) if _number(v) is None))
        if np.abs(values).max(initial=0.0) <= np.finfo(np.float32).max:  # which NaN is not
            return values.astype(np.float32)
        row = int(np.argmin(np.abs(values.astype(np.float64)) <= np.finfo(np.float32).max))
        self._refuse(row, place, "a finite number that float32 holds", values[row])

    def _refuse(self, row: int, place: int, expected: str, received: Any) -> NoReturn:
        found = "an empty cell" if received == "" else f"{str(received)[:60]!r}"
        raise DataError(
            f"{self.path}, line {self._lines[row]}, column {self.columns[place]!r}: expected {expected}, "
            f"received {found}. Correct the file, or name the columns to use."
        )


def read_table(path: str | os.PathLike[str], delimiter: str = ",", header: bool | None = None) -> Table:
    """A CSV file, plain or gzipped, in UTF-8: cells may be quoted, and lines end as on any system.

    header: whether the first line has the columns' names. Without it the file itself says so: a first line of numbers
    is a row, and one with a text where the line below has a number, or without any number, is a header. Where that
    does not tell, a DataError asks for `header`.

    Raises FileError where the file cannot be read, DataError (with the line) where it is no table, ArgumentError.
    """
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
        fail("read_table", "delimiter", "one character, and no quote", delimiter)
    if header not in (None, True, False):
        fail("read_table", "header", "True, False or None", header)
    source = path_text("read_table", path)
    with _opened(source) as file:
        first = list(itertools.islice(_rows(source, file, delimiter), 2))
    if not first:
        raise DataError(f"{source}: expected rows, received an empty file")
    cells = [row for _, row in first]
    named = _has_header(source, cells) if header is None else header
    columns = _names(source, cells[0]) if named else tuple(map(str, range(len(cells[0]))))
    if named and len(first) == 1:
        raise DataError(f"{source}: expected rows below its header, received none")
    values, lines, mixed = _columns(source, delimiter, named, frozenset())
    if mixed:  # numbers and, later on, texts: read again, so that the first cells are what the file has
        values, lines, _ = _columns(source, delimiter, named, mixed)
    return Table(source, columns, values, lines)


def load_csv(
    path: str | os.PathLike[str],
    target: str | int | Sequence[str | int] | None = None,
    features: Sequence[str | int] | None = None,
    delimiter: str = ",",
    header: bool | None = None,
) -> Any:
    """Samples from a CSV file, plain or gzipped: (x, y), or x where no target is named.

    x: (N, F) float32, the columns `features`, in that order, or all but the target.
    y: (N,) int64 where the target's cells are whole numbers, float32 where they are numbers, else an array of texts;
        of several targets (N, K) float32.

    target, features: names of columns, or their places, -1 for the last. delimiter, header: as `read_table` has them.

    Raises FileError, DataError that says file, line and column of a cell that is empty, NaN or no number, and
    ArgumentError for a column that is not there.
    """
    table = read_table(path, delimiter, header)
    several = isinstance(target, Sequence) and not isinstance(target, str)
    wanted: Any = target if several else [] if target is None else [target]
    targets = [table.place(column) for column in wanted]
    if features is None:
        chosen = [place for place in range(len(table.columns)) if place not in targets]
    elif isinstance(features, str) or not isinstance(features, Sequence):
        fail("load_csv", "features", "a list of columns", features)
    else:
        chosen = [table.place(column) for column in features]
    used = chosen + targets
    if not chosen or len(set(used)) < len(used):
        names = [table.columns[place] for place in used]
        raise ArgumentError(f"load_csv: expected one feature or more, and each column once. Received: {names}")
    x = table.features(chosen)
    if target is None:
        return x
    return x, table.features(targets) if several else table.target(targets[0])


@contextmanager
def _opened(source: str) -> Iterator[TextIO]:
    """The file's text. Whatever goes wrong in reading it is a FileError or DataError that names it."""
    try:
        with open(source, "rb") as file:
            zipped = file.read(2) == GZIP
        unpacked: Any = gzip.open if zipped else open
        with unpacked(source, "rt", encoding="utf-8-sig", newline="") as text:
            yield text
    except UnicodeDecodeError as error:
        raise DataError(f"{source}: expected text in UTF-8: {error.reason}. Save it as UTF-8.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{source}: a damaged gzip file: {error}. Fetch it again.") from None
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{source}: cannot be read: {error.strerror or error}") from error


def _rows(source: str, file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The line in which each row begins, from 1, and its cells; empty lines are none."""
    reader = csv.reader(file, delimiter=delimiter, skipinitialspace=delimiter != " ", strict=True)
    line, width = 1, 0
    try:
        for row in reader:
            if row:
                width = width or len(row)
                if len(row) != width:
                    raise DataError(f"{source}, line {line}: expected {width} cells, as above, received {len(row)}")
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{source}, line {line}: {error}. Is its quoting right?") from None


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # Python's own notation, 1_000, is not CSV's
    except ValueError:
        return None


def _has_header(source: str, rows: list[list[str]]) -> bool:
    """Whether the first of the first two rows has names."""
    texts = [place for place, cell in enumerate(rows[0]) if cell.strip() and _number(cell) is None]
    if not texts:
        return False
    if not any(_number(cell) is not None for cell in rows[0]):
        return True
    if len(rows) > 1 and any(_number(rows[1][place]) is not None for place in texts):
        return True
    raise DataError(
        f"{source}, line 1: has numbers and texts, as the next line: names of columns, or the first row? "
        "Say header=True or header=False, or put a line of names above it."
    )


def _names(source: str, cells: list[str]) -> tuple[str, ...]:
    """Names of columns; one without a name, such as an index that pandas wrote, is called by its place."""
    names = tuple(cell.strip() or str(place) for place, cell in enumerate(cells))
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise DataError(f"{source}, line 1: expected each column's name once, received {twice[0]!r} twice")
    return names


def _columns(source: str, delimiter: str, named: bool, texts: frozenset[int]) -> tuple[list[Any], Any, frozenset[int]]:
    """Each column's values, the rows' lines, and which columns begin with numbers and go on with texts.

    texts: the columns that are to be kept as texts.
    """
    blocks: list[list[Any]] = []
    lines: list[Any] = []
    with _opened(source) as file:
        rows = _rows(source, file, delimiter)
        if named:
            next(rows)
        while block := list(itertools.islice(rows, BLOCK)):
            lines.append(np.array([line for line, _ in block]))
            cells = zip(*(row for _, row in block), strict=True)
            blocks.append([list(column) if at in texts else _converted(column) for at, column in enumerate(cells)])
    values: list[Any] = []
    mixed: set[int] = set()
    for place, parts in enumerate(zip(*blocks, strict=True)):
        kinds = {isinstance(part, list) for part in parts}
        if kinds == {False}:
            values.append(np.concatenate(parts))
        else:
            values.append(list(itertools.chain.from_iterable(parts)))
            mixed |= {place} if len(kinds) == 2 else set()
    return values, np.concatenate(lines), frozenset(mixed)


def _converted(cells: Sequence[str]) -> Any:
    """Cells as int64, as float64, or as the texts that they are."""
    if "_" in "".join(cells):
        return list(cells)
    for convert, dtype in ((int, np.int64), (float, np.float64)):
        try:
            return np.array(list(map(convert, cells)), dtype)
        except (ValueError, OverflowError):
            continue
    return list(cells)
