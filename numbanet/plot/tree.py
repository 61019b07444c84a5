"""Layers within layers: what a Residual, a Bidirectional or a TimeDistributed is made of."""

from __future__ import annotations

from ..errors import ArgumentError
from ..layers import Bidirectional, Residual, TimeDistributed
from ..layers.base import Layer, Shape
from ..layers.chain import Chain
from ..model import Sequential


def ways(layer: Layer, input_shape: Shape) -> list[Chain]:
    """The chains of layers that its input goes through beside each other; none for a layer that is one."""
    if isinstance(layer, Residual | Bidirectional):
        return layer._chains(input_shape)
    if isinstance(layer, TimeDistributed):
        return [Chain([layer.layer], [layer._name], input_shape[1:])]
    return []


def find(owner: str, model: Sequential, name: str) -> Layer:
    """The layer of that name, or of "outer/inner" the one within another. Raises ArgumentError where there is none."""
    chains, known = [model._built(owner).chain], {}
    for word in str(name).split("/"):
        known = {inner: (chain, place) for chain in chains for place, inner in enumerate(chain.names)}
        if word not in known:
            raise ArgumentError(f"{owner}: layer must be one of {', '.join(known)}. Received: {name!r}")
        chain, place = known[word]
        shape = chain.descriptions[place - 1].output_shape if place else chain.input_shape
        layer = chain.layers[place]
        chains = ways(layer, shape)
    return layer
