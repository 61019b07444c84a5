"""Normalisations: means, variances, and the scale and offset of each channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....layers.normalization import BatchNormalization, GroupNormalization, LayerNormalization
from ....layers.standardization import EPSILON, Normalization
from .graph import Graph, Value


def _factors(g: Graph, layer: Any, channels: int) -> list[str]:
    """Gamma and beta, or ones and zeros where the layer does without."""
    gamma = g.parameter("gamma") if layer.scale else np.ones(channels)
    beta = g.parameter("beta") if layer.center else np.zeros(channels)
    return [g.constant("gamma", gamma), g.constant("beta", beta)]


def batch(g: Graph, layer: BatchNormalization, x: Value) -> Value:
    """With the running statistics, as in inference."""
    x = g.channels_second(x)
    moving = [g.constant(name, g.parameter(name)) for name in ("moving_mean", "moving_variance")]
    factors = _factors(g, layer, x.shape[-1])
    return x.like(g.node("BatchNormalization", x.name, *factors, *moving, epsilon=layer.epsilon))


def rows(g: Graph, layer: LayerNormalization, x: Value) -> Value:
    x = g.channels_last(x)
    factors = _factors(g, layer, x.shape[-1])
    return x.like(g.node("LayerNormalization", x.name, *factors, axis=-1, epsilon=layer.epsilon))


def groups(g: Graph, layer: GroupNormalization, x: Value) -> Value:
    x = g.channels_second(x)
    channels = x.shape[-1]
    count = channels if layer.groups == -1 else layer.groups
    factors = _factors(g, layer, channels)
    how: dict[str, Any] = {"epsilon": layer.epsilon, "num_groups": count}
    how["stash_type"] = g.kind  # what it computes in
    return x.like(g.node("GroupNormalization", x.name, *factors, **how))


def standardized(g: Graph, layer: Normalization, x: Value) -> Value:
    """By the mean and variance of the data, of the places along some of the axes."""
    x = g.settled(x)
    rank = len(x.axes)
    own = {axis % rank for axis in layer._places}
    sizes = [size if axis in own else 1 for axis, size in enumerate((1, *x.shape))]

    def lying(a: Any) -> Any:
        """As x does."""
        return a.reshape(sizes).transpose(x.axes)

    mean = g.constant("mean", lying(g.parameter("mean")))
    deviation = g.constant("deviation", lying(np.maximum(np.sqrt(g.parameter("variance")), EPSILON)))
    if layer.invert:
        return x.like(g.node("Add", g.node("Mul", x.name, deviation), mean))
    return x.like(g.node("Div", g.node("Sub", x.name, mean), deviation))


WRITERS: dict[Any, Any] = {
    BatchNormalization: batch,
    GroupNormalization: groups,
    LayerNormalization: rows,
    Normalization: standardized,
}
