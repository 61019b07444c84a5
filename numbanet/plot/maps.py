"""What layers make of an image, and images beside each other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import fail, positive_integer
from ..errors import ArgumentError, ShapeError
from ..figures import new_figure
from ..model import Sequential
from ..teach import layer_output
from .page import save


def feature_maps(
    model: Sequential, image: Any, path: str | os.PathLike[str], layers: Sequence[str] | None = None, most: int = 16
) -> Path:
    """Draw what layers make of one image (H, W, C), a row each, to a file; returns its path.

    layers: their names; without them all whose output is an image. Of each, the first `most` channels are drawn, black
    at the layer's smallest value and white at its largest. Raises MissingDependency without matplotlib.
    """
    most = positive_integer("feature_maps", "most", most)
    image = np.asarray(image)
    if image.ndim != 3:
        raise ShapeError(f"feature_maps: expected one image of shape (H, W, C), received {image.shape}")
    names = [str(layer.name) for layer in model.layers] if layers is None else list(layers)
    outputs = {name: layer_output(model, image[None], name)[0] for name in names}
    maps = {name: a[..., :most] for name, a in outputs.items() if a.ndim == 3}
    if layers is not None and (others := [name for name in names if name not in maps]):
        raise ArgumentError(f"feature_maps: layers must be some whose output is an image. Received: {others}")
    rows = {"input": image[..., :most]} | maps
    columns = max(a.shape[-1] for a in rows.values())
    figure = new_figure(columns + 1, len(rows) * 1.1)
    for row, (name, a) in enumerate(rows.items()):
        for channel in range(a.shape[-1]):
            axes = figure.add_subplot(len(rows), columns, row * columns + channel + 1)
            axes.imshow(a[..., channel], cmap="gray", vmin=a.min(), vmax=a.max())
            axes.set(xticks=[], yticks=[])
            if channel == 0:
                axes.set_ylabel(name, fontsize=7)
    return save(figure, path)


def pictures(images: Sequence[tuple[str, Any]], path: str | os.PathLike[str], columns: int = 4) -> Path:
    """Draw images (H, W) with their titles, `columns` in a row, to a file; returns its path.

    Raises MissingDependency without matplotlib, ArgumentError without images.
    """
    columns = positive_integer("pictures", "columns", columns)
    if not images:
        fail("pictures", "images", "pairs of a title and an image", images)
    rows = -(-len(images) // columns)
    figure = new_figure(2.6 * columns, 2.8 * rows)
    for place, (title, image) in enumerate(images):
        axes = figure.add_subplot(rows, columns, place + 1)
        axes.imshow(image, cmap="gray")
        axes.set_title(title, fontsize=9)
        axes.axis("off")
    return save(figure, path)
