"""Where a layer's calls and arrays are in a recorded step, also of layers inside of layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...layers.base import Layer, Tensors
from ...layers.bidirectional import Bidirectional
from ...layers.residual import Residual
from ...layers.time_distributed import TimeDistributed

Part = tuple[str, Layer, Tensors]  # a name, the layer and its arrays


@dataclass
class Place:
    """A layer in a step: the arrays it is bound to, and which calls of the program are its own.

    forward, backward: the numbers of its calls, also where it has none: then they tell when its turn would be.
    """

    path: str  # "dense", or "residual/dense"
    layer: Layer
    tensors: Tensors
    forward: range
    backward: range
    inside: list[Place] = field(default_factory=list)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)  # copies of its arrays, by when they were made


def places(
    parts: Sequence[Part], owners: Sequence[str], forward: range, backward: range, above: str = ""
) -> list[Place]:
    """The places of layers one after another, whose calls are among these. owners: of all calls of the step."""
    paths = [f"{above}/{name}" if above else name for name, _, _ in parts]
    forwards = _shares(paths, owners, forward)
    backwards = _shares(paths[::-1], owners, backward)[::-1]
    found = []
    for path, (_, layer, t), ahead, back in zip(paths, parts, forwards, backwards, strict=True):
        place = Place(path, layer, t, ahead, back)
        for chain in _chains(layer, t):
            place.inside += places(chain, owners, ahead, back, path)
        found.append(place)
    return found


def belongs(owner: str, path: str) -> bool:
    """Whether a call is of that layer, or of one inside of it."""
    return owner == path or owner.startswith(f"{path}/")


def everywhere(found: Sequence[Place]) -> Iterator[Place]:
    """The places and those inside of them."""
    for place in found:
        yield place
        yield from everywhere(place.inside)


def _shares(paths: Sequence[str], owners: Sequence[str], calls: range) -> list[range]:
    """The calls of each path, which come in this order and without others between."""
    first = next((k for k in calls if any(belongs(owners[k], path) for path in paths)), calls.stop)
    shares = []
    for path in paths:
        count = sum(belongs(owners[k], path) for k in calls)
        shares.append(range(first, first + count))
        first += count
    return shares


def _chains(layer: Layer, t: Tensors) -> list[list[Part]]:
    """The chains of layers that a layer is made of."""
    if isinstance(layer, TimeDistributed):
        return [[(layer._name, layer.layer, layer._inside(t))]]
    if isinstance(layer, Residual | Bidirectional):
        wholes = layer._wholes(t)
        return [
            list(zip(chain.names, chain.layers, chain.tensors(whole, t.dx is not None), strict=True))
            for chain, whole in wholes
        ]
    return []
