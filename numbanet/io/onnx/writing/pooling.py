"""Pooling: windows on images (N, C, H, W) and sequences (N, C, T), and whole ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ....layers import pooling as ours
from .convolution import pads
from .graph import Graph, Value, channels_second, value

OPERATORS = {
    ours.AveragePooling1D: "AveragePool",
    ours.AveragePooling2D: "AveragePool",
    ours.MaxPooling1D: "MaxPool",
    ours.MaxPooling2D: "MaxPool",
}
REDUCTIONS = {
    ours.GlobalAveragePooling1D: "Average",
    ours.GlobalAveragePooling2D: "Average",
    ours.GlobalMaxPooling1D: "Max",
    ours.GlobalMaxPooling2D: "Max",
}


def windows(g: Graph, layer: Any, x: Value) -> Value:
    """Cells outside of an image take no part, neither in a mean nor in a maximum."""
    x = g.channels_second(x)
    axes = len(x.shape) - 1
    size, strides, padding = layer._window()
    operator = OPERATORS[type(layer)]
    around = pads(x.shape[:-1], size, strides, padding, (1, 1))
    more = {"count_include_pad": 0} if operator == "AveragePool" else {}
    y = g.node(operator, x.name, kernel_shape=size[-axes:], pads=around, strides=strides[-axes:], **more)
    shape = layer.describe(x.seen).output_shape
    return value(y, shape, channels_second(len(shape)))


def whole(g: Graph, layer: Any, x: Value) -> Value:
    """GlobalAveragePool where the channels are second, else a mean over the axes where positions are; so maxima."""
    x = g.settled(x)
    rank, kind = len(x.shape), REDUCTIONS[type(layer)]
    if x.axes == channels_second(rank):
        y = g.node(f"Global{kind}Pool", x.name)
    else:
        positions = g.integers("axes", [x.place[axis] for axis in range(1, rank)])
        y = g.node("ReduceMean" if kind == "Average" else "ReduceMax", x.name, positions, keepdims=1)
    pooled = value(y, (1,) * (rank - 1) + x.shape[-1:], x.axes)
    return replace(pooled, seen=layer.describe(x.seen).output_shape)


WRITERS: dict[Any, Any] = dict.fromkeys(OPERATORS, windows) | dict.fromkeys(REDUCTIONS, whole)
