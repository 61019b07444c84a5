"""What a convolution looks for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..checks import fail, positive_integer
from ..figures import new_figure
from ..model import Sequential
from .page import SMALL, save
from .tree import find


def kernels(
    model: Sequential, layer: str, path: str | os.PathLike[str], most: int = 16, most_channels: int = 8
) -> Path:
    """Draw the kernels of a convolution to a file; returns its path. Blue weights are negative, red ones positive.

    layer: its name, or "residual/conv2d" for one within another. Columns are output channels, the first `most`, rows
    input channels, the first `most_channels`; all have one scale. The kernels of a Conv1D are drawn whole, steps
    across and input channels up; a column of a DepthwiseConv2D is a multiple of the channel.

    The model must be built. Raises MissingDependency without matplotlib, StateError, and ArgumentError for a name that
    no convolution has.
    """
    most = positive_integer("kernels", "most", most)
    most_channels = positive_integer("kernels", "most_channels", most_channels)
    kind = type(find("kernels", model, layer)).__name__
    weights = dict(zip(model.weight_names, model.get_weights(), strict=True)).get(f"{layer}/kernel")
    if weights is None or weights.ndim < 3:
        fail("kernels", "layer", "the name of a convolution", layer)
    if kind == "Conv2DTranspose":  # (kH, kW, O, C)
        weights = weights.swapaxes(2, 3)
    flat = weights.ndim == 3  # of a Conv1D (k, C, O)
    if flat:
        weights = weights.transpose(1, 0, 2)[:, :, None, :]
    inputs, outputs = weights.shape[2:]
    rows, columns = min(inputs, most_channels), min(outputs, most)
    limit = float(np.abs(weights).max()) or 1.0
    figure = new_figure(max(0.62 * columns + 1.6, 4.5), 2.6 if flat else max(0.62 * rows + 0.9, 1.5))
    grid = figure.subplots(rows, columns, squeeze=False)
    for (row, column), axes in np.ndenumerate(grid):
        shown = weights[:, :, row, column]
        image = axes.imshow(shown, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto" if flat else "equal")
        axes.set(xticks=[], yticks=[])
        if row == 0:
            axes.set_title(str(column), fontsize=SMALL)
        if column == 0 and rows > 1:
            axes.set_ylabel(str(row), fontsize=SMALL, rotation=0, ha="right", va="center")
    figure.colorbar(image, ax=grid, label="weight", fraction=0.05, shrink=0.9)
    size = f"{weights.shape[1]} steps of {weights.shape[0]} channels" if flat else "x".join(map(str, weights.shape[:2]))
    figure.suptitle(f"{layer}: kernels of {size}{_left_out(rows, inputs, columns, outputs)}", fontsize=10)
    figure.supxlabel("multiple" if kind == "DepthwiseConv2D" else "output channel", fontsize=SMALL)
    if rows > 1 or flat:
        figure.supylabel("input channel", fontsize=SMALL)
    return save(figure, path)


def _left_out(rows: int, inputs: int, columns: int, outputs: int) -> str:
    """What of the layer is drawn, where it is not all."""
    first = f", {columns} of {outputs} columns" if columns < outputs else ""
    return first + (f", {rows} of {inputs} rows" if rows < inputs else "")
