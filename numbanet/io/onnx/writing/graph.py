"""A graph in the making: nodes, constants, and tensors whose axes may stand in another order than the layers see.

Convolutions want their channels second and recurrent layers their steps first, where ours have the channels last. A
Value says how its tensor lies. Each layer asks for what it needs, and a Transpose comes only where that is not so yet:
so a chain of convolutions has one at its beginning.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ....layers.base import Shape
from ..package import onnx_package

OPSET, IR_VERSION = 21, 10  # of May 2024: the first with a GroupNormalization that scales each channel
BATCH = "N"


@dataclass(frozen=True)
class Value:
    """What a layer takes or gives: axis k of the tensor `name` is axis axes[k] of (N, *shape).

    seen: the shape that layers see. Where it is another than `shape`, the same numbers in the order of (N, *shape) are
    meant, and a Reshape is due.
    indices: whether the elements are integers.
    """

    name: str
    shape: Shape
    axes: tuple[int, ...]
    seen: Shape
    indices: bool = False

    @property
    def place(self) -> tuple[int, ...]:
        """Where in the tensor each axis of (N, *shape) is."""
        return tuple(map(self.axes.index, range(len(self.axes))))

    @property
    def sizes(self) -> list[int | None]:
        """Of the tensor's axes; the batch axis is None."""
        return [(None, *self.shape)[axis] for axis in self.axes]

    def like(self, name: str) -> Value:
        """Another tensor that lies as this one does."""
        return replace(self, name=name)


def value(name: str, shape: Shape, axes: tuple[int, ...] | None = None) -> Value:
    """A tensor of that shape; without axes they are in our order."""
    return Value(name, shape, in_order(len(shape)) if axes is None else axes, shape)


def in_order(rank: int) -> tuple[int, ...]:
    """The axes of (N, ...) as they are; rank: of a sample."""
    return tuple(range(rank + 1))


def channels_second(rank: int) -> tuple[int, ...]:
    """(N, C, H, W)."""
    return (0, rank, *range(1, rank))


STEPS_FIRST = (1, 0, 2)  # (T, N, features)


class Graph:
    """Nodes and constants, called after the layer that they belong to: `owner`, such as "residual/conv2d".

    parameters: the network's, by their names.
    """

    def __init__(self, dtype: Any, parameters: Mapping[str, Any]) -> None:
        self.onnx = onnx_package()
        self.dtype, self.parameters = np.dtype(dtype), parameters
        self.kind: int = self.onnx.helper.np_dtype_to_tensor_dtype(self.dtype)
        self.owner = ""
        self.whole_batch = True  # False where the batch axis holds the steps of samples, too
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}
        self.shapes: dict[str, list[int | None]] = {}  # of the layers' outputs
        self._laid: dict[tuple[str, tuple[int, ...], Shape], Value] = {}
        self._taken = {"input", "output"}

    def parameter(self, name: str) -> Any:
        """A copy of the layer's parameter of that name."""
        return np.array(self.parameters[f"{self.owner}/{name}"])

    def free(self, name: str) -> str:
        """`owner/name`, or with a number where that is taken."""
        names = (f"{self.owner}/{name}{end}" for end in itertools.chain([""], map("_{}".format, itertools.count(1))))
        found = next(n for n in names if n not in self._taken)
        self._taken.add(found)
        return found

    def constant(self, name: str, content: Any, dtype: Any = None) -> str:
        """The name of an array in the file, of the network's own type or another."""
        found = self.free(name)
        self.constants[found] = np.ascontiguousarray(content, self.dtype if dtype is None else dtype)
        return found

    def integers(self, name: str, content: Sequence[int]) -> str:
        """The name of a list of integers in the file."""
        return self.constant(name, content, np.int64)

    def node(self, operator: str, *inputs: str, output: int = 0, **attributes: Any) -> str:
        """Add a node, and return the name of its output; output: which one, where it is not the first."""
        name = self.free(operator)
        outputs = [""] * output + [name]
        self.nodes.append(self.onnx.helper.make_node(operator, list(inputs), outputs, name, **attributes))
        return name

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        """What is called within is called after that part of the owner; "" for the owner itself."""
        above = self.owner
        self.owner = "/".join(filter(None, (above, name)))
        yield
        self.owner = above

    def floats(self, x: Value) -> Value:
        """X, or indices as floats."""
        return replace(x.like(self.node("Cast", x.name, to=self.kind)), indices=False) if x.indices else x

    def laid(self, x: Value, axes: tuple[int, ...]) -> Value:
        """X as the layers see it, in floats, with its axes in that order."""
        return self.arranged(self.floats(x), axes)

    def arranged(self, x: Value, axes: tuple[int, ...]) -> Value:
        """X as the layers see it, with its axes in that order. What was made for another layer is taken again."""
        key = x.name, axes, x.seen
        if key not in self._laid:
            self._laid[key] = self._arranged(x, axes)
        return self._laid[key]

    def _arranged(self, x: Value, axes: tuple[int, ...]) -> Value:
        if x.seen != x.shape:
            whole = self.arranged(replace(x, seen=x.shape), in_order(len(x.shape)))
            return self.arranged(replace(value(self.reshaped(whole.name, x.seen), x.seen), indices=x.indices), axes)
        if axes == x.axes:
            return x
        order = [x.place[axis] for axis in axes]
        return replace(x, name=self.node("Transpose", x.name, perm=order), axes=axes)

    def reshaped(self, name: str, sizes: Shape) -> str:
        """(N, ...) as (N, *sizes)."""
        if len(sizes) == 1:
            return self.node("Flatten", name, axis=1)
        return self.node("Reshape", name, self.integers("shape", [0, *sizes]))  # 0: as it is

    def plain(self, x: Value) -> Value:
        """In our order."""
        return self.laid(x, in_order(len(x.seen)))

    def channels_last(self, x: Value) -> Value:
        """With the last axis last, wherever the others are."""
        fits = x.seen == x.shape and x.axes[-1] == len(x.shape)
        return self.laid(x, x.axes if fits else in_order(len(x.seen)))

    def channels_second(self, x: Value) -> Value:
        """(N, C, ...)."""
        return self.laid(x, channels_second(len(x.seen)))

    def settled(self, x: Value) -> Value:
        """With no Reshape due, in the order that it has."""
        return self.laid(x, x.axes if x.seen == x.shape else in_order(len(x.seen)))

    def rows(self, x: Value) -> tuple[str, Any]:
        """Samples as vectors, and which of the elements in our order each of theirs is; None: the very same."""
        if x.seen == x.shape or x.axes[0] != 0 or x.indices:
            return self.plain(x).name, None
        order = np.arange(math.prod(x.shape)).reshape(x.shape).transpose([axis - 1 for axis in x.axes[1:]]).reshape(-1)
        if len(x.axes) > 2:
            x = x.like(self.node("Flatten", x.name, axis=1))
        return x.name, None if np.array_equal(order, np.arange(order.size)) else order

    def note(self, x: Value) -> None:
        """Write down how large a layer's output is, so that a checker compares it with what it works out itself."""
        if self.whole_batch:
            self.shapes[x.name] = x.sizes
