"""The forward pass of a network as a graph: the operations in order, and the values that pass between them.

A network's calls name arrays, which are views of its parameters and activations. A value is what stands in one of those
views between two calls that write it.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from ...devices import get_device
from ...errors import ArgumentError
from ...layers.base import Shape
from ...network import Network
from ...program import Call, Program
from .operations import GATES, OPERATIONS, Argument, Operation


@dataclass(eq=False)
class Value:
    """What an array holds. place: the array's name, the same for values that lie in one place, one after the other.

    data: of a constant. batched: whether its first axis grows with the batch.
    """

    place: str
    shape: Shape
    data: Any = None
    batched: bool = False


@dataclass(frozen=True)
class Use:
    """A value in the shape in which an operation takes or gives it."""

    value: Value
    shape: Shape


@dataclass(eq=False)
class Node:
    """A call of an operation. sizes: of its arrays, and integers that it is given, by their names."""

    owner: str
    key: str
    inputs: dict[str, Use]
    numbers: dict[str, Any]
    sizes: dict[str, int]
    outputs: dict[str, Use]

    @property
    def operation(self) -> Operation:
        return OPERATIONS[self.key]

    @property
    def gates(self) -> dict[str, str]:
        """The bodies of a recurrent layer's activations, by the names of their parameters."""
        return {name: GATES[self.sizes[name]] for name in ("tau", "sigma") if name in self.sizes}


@dataclass(eq=False)
class Graph:
    """A forward pass, and the values at its ends."""

    nodes: list[Node]
    x: Value
    y: Use

    def producers(self) -> dict[Value, Node]:
        return {use.value: node for node in self.nodes for use in node.outputs.values()}

    def keep_needed(self) -> None:
        """Leave out the nodes on which the output does not depend."""
        needed, kept = {self.y.value}, []
        for node in reversed(self.nodes):
            if any(use.value in needed for use in node.outputs.values()):
                needed |= {use.value for use in node.inputs.values()}
                kept.append(node)
        self.nodes = kept[::-1]


def on_the_reference(network: Network) -> Network:
    """A network of its own with the same layers and values, on the textbook's kernels. Raises ArgumentError."""
    if states := network.states():
        raise ArgumentError(
            f"export: layer {next(iter(states))!r} keeps its states from one batch to the next, which standalone files "
            "do not. Build the model with stateful=False and give it these weights."
        )
    values = {slot.key: np.array(slot.value) for slot in network.slots}
    args = network.layers, network.input_shape, get_device("reference"), network.dtype, network.seed
    return Network(*args, values)


def read_graph(network: Network, n: int) -> Graph:
    """The graph of a network on the reference, for n samples. Raises ArgumentError for an operation without a body."""
    program = Program(network.device)
    network.forward(program, n, training=False)
    return _Reader(network, n).read(program.calls)


class _Reader:
    """Walks over the calls of a program, and knows which value each array holds by then."""

    def __init__(self, network: Network, n: int) -> None:
        self.ends = network.ends(n, training=False)
        activations = network._activations.views if network._activations else {}
        parameters = {f"parameters/{name}": a for name, a in network.parameters.views.items()}
        self.arrays = {name: a for name, a in (parameters | activations).items() if a.size}
        self.places = sorted((a.ctypes.data, name) for name, a in self.arrays.items())
        self.x = Value("x", self.ends.x.shape, batched=True)
        self.held = {"x": self.x}
        for name, a in network.parameters.views.items():
            self.held[f"parameters/{name}"] = Value(name, a.shape, np.array(a))
        self.nodes: list[Node] = []

    def read(self, calls: list[Call]) -> Graph:
        for call in calls:
            self._read(call)
        return Graph(self.nodes, self.x, self._use("", "y", self.ends.y))

    def _read(self, call: Call) -> None:
        node = Node(call.owner, _key(call), {}, {}, {}, {})
        written: list[tuple[str, Any]] = []
        for argument, value in zip(node.operation.arguments, call.arguments, strict=True):
            if argument.kind == "number":
                node.numbers[argument.read] = value if argument.sizes else _plain(value)
                node.sizes.update(zip(argument.sizes, value if argument.sizes else (), strict=True))
                continue
            if argument.kind == "empty" and value.size:
                raise ArgumentError(f"export: layer {call.owner!r} gives {node.key} an array that only training uses")
            node.sizes.update(_sizes(argument, value))
            if argument.kind == "array":
                if argument.read:
                    node.inputs[argument.read] = self._use(call.owner, argument.read, value)
                if argument.written:
                    written.append((argument.written, value))
        for name, array in written:  # once all is read: some of it in place
            node.outputs[name] = self._new(call.owner, name, array)
        self.nodes.append(node)

    def _place(self, owner: str, name: str, array: Any) -> str | None:
        """The place of an array in the network's memory, or None where it lies elsewhere. Raises ArgumentError."""
        start = array.ctypes.data
        k = bisect_right(self.places, start, key=lambda place: place[0]) - 1
        address, place = self.places[k]
        whole = self.arrays[place]
        if k < 0 or start >= address + whole.nbytes:
            return None
        if start != address or array.nbytes != whole.nbytes:
            raise ArgumentError(
                f"export: layer {owner!r} gives a kernel a part of an array, {name}. Standalone files have whole "
                "arrays only: use time_slice or merge, or an array of its own."
            )
        return place

    def _use(self, owner: str, name: str, array: Any) -> Use:
        place = self._place(owner, name, array)
        if place is None:  # an array of the layer's own
            return Use(Value(f"{owner}/{name}", array.shape, np.array(array)), array.shape)
        if place not in self.held:  # nothing was written there yet, such as the states that a loop will write
            self.held[place] = _value(place, self.arrays[place].shape)
            size = math.prod(self.held[place].shape)
            zeros = {"y": Use(self.held[place], (size,))}
            self.nodes.append(Node("", "fill.constant", {}, {"value": 0.0}, {"E": size}, zeros))
        return Use(self.held[place], array.shape)

    def _new(self, owner: str, name: str, array: Any) -> Use:
        place = self._place(owner, name, array)
        if place is None or place == "x" or place.startswith("parameters/"):
            raise ArgumentError(
                f"export: layer {owner!r} writes {name} to an array that is neither its output nor one that it saves, "
                "which standalone files do not."
            )
        self.held[place] = _value(place, self.arrays[place].shape)
        return Use(self.held[place], array.shape)


def _sizes(argument: Argument, array: Any) -> dict[str, int]:
    """The sizes of an array by their names; all of it for one of elements."""
    return {"E": array.size} if argument.sizes == ("E",) else dict(zip(argument.sizes, array.shape, strict=False))


def _value(place: str, shape: Shape) -> Value:
    return Value(place, shape, batched=not place.startswith("scratch/"))


def _key(call: Call) -> str:
    """The operation's row. Raises ArgumentError where there is none."""
    found = re.fullmatch(r"numbanet\.kernels\.(\w+)\.reference\.(\w+)", call.kernel.name)
    key = f"{found[1]}.{found[2]}" if found else call.kernel.name
    if key not in OPERATIONS:
        raise ArgumentError(
            f"export: layer {call.owner!r} uses the operation {key}, for which standalone files have no code. They "
            "hold layers that are made of the operations of numbanet.layers; leave this one out, or write its code "
            "into the file by hand where it stood."
        )
    return key


def _plain(value: Any) -> int | float:
    return int(value) if isinstance(value, Integral) else float(value)
