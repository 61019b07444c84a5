"""What the pictures share: how a figure becomes a file, and how rows of small axes are laid out."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, FileError
from ..folders import write_whole

DPI = 160  # so that a picture of 6 inches fills a column, and stays sharp on a screen of twice the density
WIDTH = 7.0  # inches of a picture that need not be wider
SMALL, SOFT = 8, "0.4"  # points and grey of what is said beside


def save(figure: Any, path: str | os.PathLike[str]) -> Path:
    """Write the figure to a file of the kind that its ending says, whole or not at all; returns its path.

    Raises ArgumentError for an ending that matplotlib does not know, and FileError.
    """
    target = Path(path)
    known = figure.canvas.get_supported_filetypes()
    kind = target.suffix[1:].lower()
    if kind not in known:
        raise ArgumentError(
            f"plot: path must end in one of {', '.join(f'.{name}' for name in sorted(known))}. Received: {str(path)!r}"
        )
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=DPI)
    return write(target, content.getvalue())


def write(path: Path, content: bytes) -> Path:
    """The same of a file's content. Raises FileError."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise FileError(error.errno, error.strerror, str(path)) from None
    return path


def plain_numbers() -> Any:
    """A formatter of logarithmic axes that says 0.2 where matplotlib's own says 2e-01."""
    from matplotlib.ticker import LogFormatter

    class Plain(LogFormatter):  # type: ignore[misc]
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    return Plain(minor_thresholds=(2, 0.5))
