"""The order of features where images become vectors: torch flattens them channels first, and here channels are last.

From a Flatten to the next Dense features stand in torch's order, and likewise from a Dense to the Reshape that makes
images. The layers between treat each feature alike, so that their parameters move with it; at the ends of a network
the order must be the same in both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...layers import (
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    LayerNormalization,
    Reshape,
    TimeDistributed,
)
from ...layers.activations import _Activation
from ...layers.base import Layer, Shape
from ...layers.recurrence import _Recurrent
from ..problems import Unsupported
from .flow import FIRST, LAST

ALIKE = (_Activation, BatchNormalization, Dropout, LayerNormalization)  # each feature is treated as the others


@dataclass(frozen=True)
class Orders:
    """Of a layer's features: feature k here is feature before[k] of torch's input and after[k] of its output."""

    before: Any = None
    after: Any = None


def places(layers: Sequence[Layer], shapes: Sequence[Shape]) -> list[str]:
    """Where torch has the channels of each value of a chain of ours: first in images, and in sequences that a
    convolution or a pooling layer made or else takes; last in other sequences.
    """
    opinions = [_opinion(layer) for layer in layers]
    found = []
    for k, shape in enumerate(shapes):
        near = [*reversed(opinions[:k]), *opinions[k:]] if len(shape) == 2 else []
        found.append(next((place for place in near if place), FIRST if len(shape) == 3 else LAST))
    return found


def _opinion(layer: Layer) -> str | None:
    if type(layer).__name__.endswith("1D"):
        return FIRST
    return LAST if isinstance(layer, _Recurrent | Bidirectional | Embedding | TimeDistributed) else None


def flattened(shape: Shape) -> Any:
    """The order of images' or sequences' numbers where torch has the channels first."""
    *positions, channels = shape
    return np.arange(math.prod(shape)).reshape(channels, math.prod(positions)).T.ravel()


def feature_orders(layers: Sequence[Layer], shapes: Sequence[Shape], where: Sequence[str]) -> list[Orders]:
    """The orders for each layer. shapes: of samples before each layer and after the last. where: "channels first", ...

    Raises Unsupported where features would come to an end of the network, or to a layer that tells them apart, in
    another order than torch's.
    """
    group, wanted = [0], {0: [_same(shapes[0])]}
    for k, layer in enumerate(layers):
        before, after = _ends(layer, shapes[k], shapes[k + 1], where[k], where[k + 1])
        moves_nothing = isinstance(layer, Flatten | Reshape) and shapes[k] == shapes[k + 1]
        alike = len(shapes[k]) == 1 and (moves_nothing or isinstance(layer, ALIKE))
        group.append(group[k] if alike else k + 1)
        if not alike:
            wanted.setdefault(group[k], []).append(before)
            wanted.setdefault(group[k + 1], []).append(after)
    wanted[group[-1]].append(_same(shapes[-1]))
    found = {g: _agreed([order for order in orders if order is not None]) for g, orders in wanted.items()}
    return [Orders(found[group[k]], found[group[k + 1]]) for k in range(len(layers))]


def _same(shape: Shape) -> Any:
    return np.arange(shape[0]) if len(shape) == 1 else None


def _ends(layer: Layer, shape: Shape, output: Shape, place: str, next_place: str) -> tuple[Any, Any]:
    """The orders that a layer asks for of its input and output vectors; None where any will do."""
    if type(layer) is Dense:
        return None, None
    if isinstance(layer, Flatten | Reshape):
        if len(shape) > 1 and len(output) == 1:
            return None, flattened(shape) if place == FIRST else _same(output)
        if len(shape) == 1 and len(output) > 1:
            return flattened(output) if next_place == FIRST else _same(shape), None
        if len(shape) > 1 and shape != output and FIRST in (place, next_place):
            raise Unsupported(
                f"Reshape from {shape} to {output}: torch, which has the channels first, would order them otherwise. "
                "Put Flatten before it"
            )
    return _same(shape), _same(output)


def _agreed(orders: Sequence[Any]) -> Any:
    """The one order that all ask for, None for torch's own. Raises Unsupported where they differ."""
    if not orders:
        return None
    first = orders[0]
    if any(not np.array_equal(first, other) for other in orders):
        raise Unsupported(
            "features of flattened images reach the end of the network, or a layer that is not Dense, in torch's order "
            "(channels first). Expected a Linear between"
        )
    return None if np.array_equal(first, np.arange(len(first))) else first
