"""The layers of a network that hold parameters, each with its arrays and its place in an nn.Sequential."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...layers import Residual, TimeDistributed
from ...layers.base import Layer, Shape
from ...layers.chain import Chain
from ...layers.weighted import _Weighted
from ...network import Network
from .orders import Orders, feature_orders, places
from .tensors import from_torch, to_torch


@dataclass
class Part:
    """A layer that holds parameters.

    name: "dense", or "residual/dense" of one in a block. position: in an nn.Sequential, None for one in a block.
    values: in the order of get_weights. states: how many at their end are those of a stateful layer.
    """

    name: str
    layer: Layer
    position: int | None
    orders: Orders
    states: int
    values: list[Any] = field(default_factory=list)

    def to_torch(self) -> dict[str, Any]:
        """Its arrays by their names in torch. Raises Unsupported."""
        return to_torch(self.layer, self.values[: self._weights], self.orders.before, self.orders.after)

    def from_torch(self, tensors: dict[str, Any]) -> list[Any]:
        """Its values from arrays of torch; states stay as they are. Raises Unsupported."""
        weights = from_torch(self.layer, tensors, self.orders.before, self.orders.after)
        return [np.array(a, order="C") for a in (*weights, *self.values[self._weights :])]

    @property
    def _weights(self) -> int:
        return len(self.values) - self.states


def parts(network: Network) -> list[Part]:
    """In the order of get_weights. Raises Unsupported where features cannot be in torch's order."""
    found = list(_walk(network.chain, "", 0))
    values = iter([np.array(slot.value) for slot in network.slots])
    for part, count in found:
        part.values = [next(values) for _ in range(count)]
    return [part for part, count in found if count]


def _walk(chain: Chain, prefix: str, first: int | None) -> Iterator[tuple[Part, int]]:
    """The parts, each with the number of its arrays."""
    shapes: Sequence[Shape] = [chain.input_shape, *(d.output_shape for d in chain.descriptions)]
    orders = feature_orders(chain.layers, shapes, places(chain.layers, shapes))
    position = first
    for k, (layer, name) in enumerate(zip(chain.layers, chain.names, strict=True)):
        if isinstance(layer, Residual):
            for inner in layer._chains(shapes[k]):
                yield from _walk(inner, f"{prefix}{name}/", None)
        else:
            parameters = [p.name.rpartition("/")[2] for p in chain.descriptions[k].parameters]
            states = sum(p.startswith("state_") for p in parameters)
            yield Part(prefix + name, layer, position, orders[k], states), len(parameters)
        if position is not None:
            position += 1 + _has_activation(layer)


def _has_activation(layer: Layer) -> bool:
    """Whether torch has two modules for it."""
    inner = layer
    while isinstance(inner, TimeDistributed):
        inner = inner.layer
    return isinstance(inner, _Weighted | Residual) and inner.activation is not None
