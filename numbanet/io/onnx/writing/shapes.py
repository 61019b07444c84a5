"""Layers that move numbers, and compute little or nothing: shapes, frames, repetitions, and what only training does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ....layers.augmentation import RandomCrop, RandomErasing, RandomFlip, RandomTranslation
from ....layers.dropout import Dropout, SpatialDropout1D, SpatialDropout2D
from ....layers.padding import Cropping1D, Cropping2D, ZeroPadding1D, ZeroPadding2D
from ....layers.shapes import Flatten, Reshape
from ....layers.up_sampling import RepeatVector, UpSampling1D, UpSampling2D
from .graph import STEPS_FIRST, Graph, Value, value


def reshape(g: Graph, layer: Flatten | Reshape, x: Value) -> Value:
    """A node comes where a layer needs it."""
    return replace(x, seen=layer.describe(x.seen).output_shape)


def unchanged(g: Graph, layer: Any, x: Value) -> Value:
    """In inference nothing happens."""
    return x


def padding(g: Graph, layer: Any, x: Value) -> Value:
    x = g.settled(x)
    frame = dict(enumerate(layer._frame()[1 - len(x.shape) :], 1))
    around = [frame.get(axis, (0, 0)) for axis in x.axes]
    ends = g.integers("pads", [*(before for before, _ in around), *(after for _, after in around)])
    padded = g.node("Pad", x.name, ends, mode="constant")
    return value(padded, layer.describe(x.seen).output_shape, x.axes)


def cropping(g: Graph, layer: Any, x: Value) -> Value:
    x = g.settled(x)
    frame = layer._frame()[1 - len(x.shape) :]
    return cut(g, x, [(before, n - after) for (before, after), n in zip(frame, x.shape[:-1], strict=True)])


def middle(g: Graph, layer: RandomCrop, x: Value) -> Value:
    x = g.settled(x)
    sizes = zip(x.shape[:2], (layer.height, layer.width), strict=True)
    return cut(g, x, [((n - size) // 2, (n - size) // 2 + size) for n, size in sizes])


def cut(g: Graph, x: Value, spans: list[tuple[int, int]]) -> Value:
    """From one cell to before another along the axes after the batch axis."""
    starts = g.integers("starts", [first for first, _ in spans])
    ends = g.integers("ends", [end for _, end in spans])
    axes = g.integers("axes", [x.place[axis] for axis in range(1, len(spans) + 1)])
    shape = (*(end - first for first, end in spans), *x.shape[len(spans) :])
    return value(g.node("Slice", x.name, starts, ends, axes), shape, x.axes)


def enlarged(g: Graph, layer: UpSampling1D | UpSampling2D, x: Value) -> Value:
    x = g.channels_second(x)
    size = layer.size if isinstance(layer.size, tuple) else (layer.size,)
    scales = g.constant("scales", [1.0, 1.0, *size], np.float32)
    bilinear = getattr(layer, "interpolation", "nearest") == "bilinear"
    how: dict[str, Any] = {"coordinate_transformation_mode": "asymmetric", "mode": "nearest", "nearest_mode": "floor"}
    if bilinear:
        how = {"coordinate_transformation_mode": "half_pixel", "mode": "linear"}
    return value(g.node("Resize", x.name, "", scales, **how), layer.describe(x.seen).output_shape, x.axes)


def repeated(g: Graph, layer: RepeatVector, x: Value) -> Value:
    """(T, N, features), because recurrent layers come next more often than not."""
    x = g.plain(x)
    step = g.node("Unsqueeze", x.name, g.integers("axes", [0]))
    tiled = g.node("Tile", step, g.integers("repeats", [layer.n, 1, 1]))
    return value(tiled, (layer.n, *x.shape), STEPS_FIRST)


WRITERS: dict[Any, Any] = {
    Cropping1D: cropping,
    Cropping2D: cropping,
    Dropout: unchanged,
    Flatten: reshape,
    RandomCrop: middle,
    RandomErasing: unchanged,
    RandomFlip: unchanged,
    RandomTranslation: unchanged,
    RepeatVector: repeated,
    Reshape: reshape,
    SpatialDropout1D: unchanged,
    SpatialDropout2D: unchanged,
    UpSampling1D: enlarged,
    UpSampling2D: enlarged,
    ZeroPadding1D: padding,
    ZeroPadding2D: padding,
}
