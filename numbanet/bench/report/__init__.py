"""What was found, for people to read: a page (.html), tables (.md) or a picture (.png).

columns.py says what the tables hold, and series.py what has which colour; text.py, page.py and picture.py write it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...errors import ArgumentError, FileError
from ...figures import new_figure
from ..results import Results
from .page import write_page
from .picture import write_picture
from .text import write_markdown

WRITERS: dict[str, Callable[[Results, str | Path], None]] = {
    ".html": write_page,
    ".md": write_markdown,
    ".png": write_picture,
}


def write(results: Results, path: str | Path) -> None:
    """The report, of the kind that the path's ending says.

    Raises ArgumentError for another ending, FileError where the file cannot be written, and MissingDependency for a
    picture without matplotlib.
    """
    expect_kind(path)
    try:
        WRITERS[Path(path).suffix](results, path)
    except OSError as error:
        raise FileError(f"bench: the report {path} cannot be written: {error}") from error


def expect_kind(path: str | Path) -> None:
    """Raises ArgumentError for an ending that is no report's, MissingDependency for a picture without matplotlib."""
    if Path(path).suffix not in WRITERS:
        raise ArgumentError(f"bench: a report must end in {', '.join(WRITERS)}. Received: {str(path)!r}")
    if Path(path).suffix == ".png":
        new_figure(1, 1)
