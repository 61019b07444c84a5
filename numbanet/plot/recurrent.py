"""What the gates of a recurrent layer do while it reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..figures import new_figure
from ..model import Sequential
from ..teach import gates as values_of
from .page import WIDTH, save

TITLES = {
    "i": "input gate i",
    "f": "forget gate f",
    "o": "output gate o",
    "c": "cell state c",
    "update": "update gate z",
    "reset": "reset gate r",
    "candidate": "candidate",
    "h": "output h",
}
GATES = ("i", "f", "o", "update", "reset")  # from 0, shut, to 1, open


def gates(
    model: Sequential, sequence: Any, layer: str, path: str | os.PathLike[str], labels: Sequence[str] | None = None
) -> Path:
    """Draw the gates and states of a recurrent layer at each step of one sequence to a file; returns its path.

    sequence: one sample, (T, features), or (T,) for a model that begins with an Embedding. layer: the name of a
    SimpleRNN, LSTM or GRU. labels: a word for each step, such as the characters that are read.
    Each picture has the units up and the steps across. Gates are dark where they are shut and light where they are
    open; of the others blue is negative and red positive.

    Raises MissingDependency without matplotlib, and what `nn.teach.gates` raises.
    """
    sequence = np.asarray(sequence)
    if sequence.ndim not in (1, 2):
        raise ShapeError(f"gates: expected one sequence of shape (T, features), received {sequence.shape}")
    found = {name: a[0].T for name, a in values_of(model, sequence[None], layer).items()}
    steps = len(sequence)
    if labels is not None and len(labels) != steps:
        raise ShapeError(f"gates: expected {steps} labels, one for each step, received {len(labels)}")
    figure = new_figure(WIDTH, 0.8 + 1.35 * len(found))
    grid = figure.subplots(len(found), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, a) in zip(grid, found.items(), strict=True):
        limit = 1.0 if name in GATES else max(1.0, float(np.nanmax(np.abs(a))))
        colors = {"cmap": "viridis", "vmin": 0} if name in GATES else {"cmap": "RdBu_r", "vmin": -limit}
        extent = (-0.5, steps - 0.5, -0.5, len(a) - 0.5)
        image = axes.imshow(
            a, aspect="auto", interpolation="nearest", origin="lower", extent=extent, vmax=limit, **colors
        )
        figure.colorbar(image, ax=axes, fraction=0.04, pad=0.01)
        axes.set_title(TITLES[name], fontsize=9, loc="left")
        axes.set_ylabel("unit")
        axes.yaxis.get_major_locator().set_params(integer=True)
    if labels is None:
        grid[-1].xaxis.get_major_locator().set_params(integer=True)
    else:
        grid[-1].set_xticks(range(steps), labels)
    grid[-1].set_xlabel("step")
    figure.suptitle(f"{layer}: {type(model.get_layer(layer)).__name__}", fontsize=10)
    return save(figure, path)
