"""What the graph's values become: layers with their weights, one after another from the graph's input."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....errors import NumbanetError
from ....layers import BatchNormalization, Flatten, Layer, Reshape, Residual, TimeDistributed
from ....layers.base import Shape
from .views import Memory, Part, Refusal, View, size_of

BACKWARDS = (
    "it needs the steps of a layer that reads backwards in the order of time; ours gives them in that of reading"
)
MOST_ELEMENTS = 2**28  # of a constant that is spread over axes


class Piece:
    """A layer with its weights, in the order of get_weights.

    make: the layer of a configuration, which may still change: a bias is added to a Dense that has none.
    channels: how many numbers such a bias has, or the scale and offset of a normalisation; 0 for layers without.
    steps: where it is not 0, the layer is for each of so many steps: a TimeDistributed.
    """

    def __init__(self, make: Callable[..., Layer], config: dict[str, Any], *values: Any, channels: int = 0) -> None:
        self.make, self.config, self.values, self.channels = make, config, list(values), channels
        self.steps = 0

    def built(self, shape: Shape) -> tuple[Layer, list[Any]]:
        """The layer and its weights, for samples of `shape`."""
        return self.make(**self.config), self.values


class Affine(Piece):
    """y = scale x + shift with constants, numbers or vectors along the last axis: a frozen BatchNormalization.

    Its running statistics are 0 and 1, and 1 + epsilon is 1 in both of our types.
    """

    def __init__(self, scale: Any, shift: Any) -> None:
        super().__init__(BatchNormalization, {"epsilon": 1e-20, "trainable": False})
        self.scale, self.shift = np.asarray(scale), np.asarray(shift)

    def built(self, shape: Shape) -> tuple[Layer, list[Any]]:
        channels = shape[-1]
        vectors = [np.broadcast_to(v, (channels,)) for v in (self.scale, self.shift)]
        return self.make(**self.config), [*vectors, np.zeros(channels), np.ones(channels)]


class Branches(Piece):
    """f(x) + g(x), where g may be x itself."""

    def __init__(self, layers: Sequence[Piece], shortcut: Sequence[Piece]) -> None:
        super().__init__(Residual, {})
        self.ways = [way for way in (layers, shortcut) if way]

    def built(self, shape: Shape) -> tuple[Layer, list[Any]]:
        parts = [assembled(way, shape) for way in self.ways]
        layers = [layers for layers, _, _ in parts]
        return Residual(layers[0], layers[1] if len(layers) > 1 else None), [v for _, own, _ in parts for v in own]


def assembled(pieces: Sequence[Piece], shape: Shape) -> tuple[list[Layer], list[Any], Shape]:
    """The layers of pieces one after another, their weights, and the shape of their output."""
    layers, values = [], []
    for piece in pieces:
        layer, own = piece.built(shape[1:] if piece.steps else shape)
        layer = TimeDistributed(layer) if piece.steps else layer
        shape = layer.describe(shape).output_shape
        layers.append(layer)
        values += own
    return layers, values, shape


class Data:
    """A value that depends on the graph's input: the pieces that make it of `before`, and how it lies.

    indices: whether its elements are whole numbers, which are of use in an Embedding only.
    backwards: steps that lie from the last to the first, as a recurrent layer with go_backwards gives them.
    """

    def __init__(
        self, view: View, before: Data | None = None, pieces: Sequence[Piece] = (), indices: bool = False
    ) -> None:
        self.view, self.before, self.pieces, self.indices = view, before, list(pieces), indices
        self.backwards: Part | None = None
        self.depth: int = 0 if before is None else before.depth + 1

    def seen_as(self, view: View) -> Data:
        """The same numbers with other axes."""
        found = Data(view, self, (), self.indices)
        found.backwards = self.backwards
        return found

    def then(self, *pieces: Piece) -> Data:
        """After layers that keep the shape and every element's place."""
        return Data(self.view, self, pieces)

    def shaped(self, shape: Shape) -> list[Piece]:
        """What gives it to the next layer in that shape."""
        memory = self.view.memory
        return [] if memory.shape == shape else [reshaping((memory.steps, *shape) if memory.steps else shape)]

    def through(self, shape: Shape, piece: Piece, order: Sequence[Part], axes: Sequence[Sequence[Part]]) -> Data:
        """After a layer for samples of `shape`, whose output has the parts `order` in memory and these axes."""
        try:
            layer, _ = piece.built(shape)
            output = layer.describe(shape).output_shape
        except NumbanetError as error:
            raise Refusal(str(error)) from None
        view = View(Memory(self.view.batch, order, output), axes)
        if math.prod(output) != size_of(view.memory.order):
            raise Refusal(f"our layer would give {output} numbers, and the file expects {size_of(view.memory.order)}")
        piece.steps = self.view.memory.steps
        return Data(view, self, [*self.shaped(shape), piece])


def reshaping(shape: Shape) -> Piece:
    return Piece(Flatten, {}) if len(shape) == 1 else Piece(Reshape, {"target_shape": shape})


def path(end: Data, start: Data | None) -> list[Data]:
    """The values from `start`, without it, to `end`."""
    found = []
    at: Data | None = end
    while at is not start and at is not None:
        found.append(at)
        at = at.before
    return found[::-1]


class Unjoined(Refusal):
    """Two values have nothing in common, as where one comes from a node that was refused."""


def common(a: Data, b: Data) -> Data:
    """The last value on the way to both."""
    while a is not b:
        if a.depth < b.depth:
            a, b = b, a
        if a.before is None:
            raise Unjoined("it joins values that do not come from one input")
        a = a.before
    return a


def joined(a: Data, b: Data) -> Data:
    """a + b, where two ways go from one value: a Residual. Raises Refusal."""
    if a.view.sizes != b.view.sizes:
        raise Refusal(f"it adds tensors of shapes {a.view.sizes} and {b.view.sizes}; ours adds equal shapes only")
    memories = a.view.memory, b.view.memory
    free_together = memories[0] is memories[1] and memories[0].is_free
    if not free_together and a.view.lying() != b.view.lying():
        raise Refusal("it adds tensors whose axes lie in different orders, and no layer of ours transposes")
    if a.backwards is not b.backwards:
        raise Refusal(BACKWARDS)
    start = common(a, b)
    ways = [[piece for value in path(end, start) for piece in value.pieces] for end in (a, b)]
    if not ways[0] and not ways[1]:
        return a.then(Affine(2.0, 0.0))
    shapes = [memory.shape for memory in memories]
    if shapes[0] != shapes[1] and shapes[0] is not None:
        ways[1].append(reshaping((memories[0].steps, *shapes[0]) if memories[0].steps else shapes[0]))
    layers, shortcut = ways if ways[0] else ways[::-1]
    return Data(a.view, start, [Branches(layers, shortcut)])
