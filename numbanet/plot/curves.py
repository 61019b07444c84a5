"""Loss and metrics by epoch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..callbacks import History
from ..checks import choice, fail
from .page import plain_numbers, save


def learning_curve(
    history: History, path: str | os.PathLike[str], metrics: Sequence[str] | None = None, scale: str = "linear"
) -> Path:
    """Draw loss and metrics by epoch, training and validation, to a file; returns its path.

    metrics: the names of those to draw, such as ["loss", "accuracy"]; without them all that are numbers.
    scale: "linear" or "log", which shows how a small loss goes on falling; values of 0 and below are then left out.

    The path's ending says of which kind: .png, .pdf, .svg, ... Raises MissingDependency without matplotlib, and
    ArgumentError for a name that the history does not have.
    """
    scale = choice("learning_curve", "scale", scale, ("linear", "log"))
    figure = history.plot(names=metrics)
    if not figure.axes:
        fail("learning_curve", "metrics", "names of metrics, of a history that has epochs", metrics)
    for axes in figure.axes if scale == "log" else ():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.yaxis.set_minor_formatter(plain_numbers())
    return save(figure, path)
