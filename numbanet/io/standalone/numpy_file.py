"""One Python file that needs nothing but NumPy: the operations, a predict that calls them, and the weights."""

from __future__ import annotations

import base64
import inspect
import keyword
import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ...layers.base import Shape, batch_shape
from ...network import Network
from .. import atomic
from ..tensors import path_text
from .bodies import PYTHON, python_function, python_source, python_with_needs
from .graph import Graph, Node, Use, Value, on_the_reference, read_graph
from .lowering import lower
from .text import Names, comment, wrapped

LINE = 108  # characters of base64, that is 81 bytes
FLEXIBLE = ("E", "R")  # first sizes that stand for all axes before the others


def write_numpy(path: str | os.PathLike[str], network: Network, name: str) -> None:
    """Write the network's inference as one Python file with a function predict(x), of any number of samples.

    Raises ArgumentError for an operation without a body, and FileError where the file cannot be written.
    """
    atomic.write(path_text("write_numpy", path), [numpy_text(network, name).encode("ascii")])


def numpy_text(network: Network, name: str) -> str:
    """The file's text."""
    network = on_the_reference(network)
    return _File(_any_batch(network), network, name).text()


def _any_batch(network: Network) -> Graph:
    """The graph for two samples. Raises ArgumentError where one for three is not the same but for its batch axes."""
    graph, other = (lower(read_graph(network, n)) for n in (2, 3))
    for a, b in zip(graph.nodes, other.nodes, strict=True):
        uses = zip(a.inputs.values(), b.inputs.values(), strict=True)
        if (a.key, a.numbers) != (b.key, b.numbers) or not all(_grows(u, v) for u, v in uses):
            raise ArgumentError(
                f"export: layer {a.owner!r} calls {a.key} in a way that depends on the size of the batch, which "
                "predict of a standalone file would not know."
            )
    return graph


def _grows(two: Use, three: Use) -> bool:
    """Whether an array of two samples is one of three, but for its first axis; a constant is the same."""
    if two.value.batched:
        return two.shape[1:] == three.shape[1:] and 3 * two.shape[0] == 2 * three.shape[0]
    same = two.value.data is None or np.array_equal(two.value.data, three.value.data, equal_nan=True)
    return two.shape == three.shape and same


class _File:
    def __init__(self, graph: Graph, network: Network, name: str) -> None:
        self.graph, self.network, self.name = graph, network, name
        self.names = Names({*keyword.kwlist, *PYTHON, "base64", "len", "math", "np", "predict", "range", "slice"})
        self.names.of("x", "x")
        self.shapes: dict[Value, Shape] = {graph.x: graph.x.shape}  # as the variables have them
        self.constants: dict[str, Any] = {}
        self.needed = {use.value for node in graph.nodes for use in node.inputs.values()} | {graph.y.value}

    def text(self) -> str:
        body = "\n".join(self._predict())
        used = {node.operation.body for node in self.graph.nodes if node.key != "fill.constant"}
        used |= {gate for node in self.graph.nodes for gate in node.gates.values()}
        used |= {"checked", "decoded"} if self.constants else {"checked"}
        functions = [python_source(name) for name in python_with_needs(used)]
        modules = [m for m in ("base64", "math") if any(f"{m}." in f for f in functions)]
        imports = "".join(f"import {module}\n" for module in modules) + ("\n" if modules else "") + "import numpy as np"
        constants = [self._constant(name, data) for name, data in self.constants.items()]
        return "\n\n\n".join([self._head() + imports, body, *(f.strip("\n") for f in functions)]) + "".join(
            ["\n\n", *constants] if constants else ["\n"]
        )

    def _head(self) -> str:
        given, out = (batch_shape(s) for s in (self.network.input_shape, self.network.output_shape))
        what = f"whole numbers below {limit}" if (limit := self.network.index_limit) else self.network.dtype.name
        layers = "\n".join(
            f"    {comment(f'{layer.name}: {type(layer).__name__}')} {batch_shape(d.output_shape)}"
            for layer, d in zip(self.network.layers, self.network.descriptions, strict=True)
        )
        return (
            f'"""{comment(self.name)}: a neural network in NumPy, written by numbanet.\n\n'
            f"predict(x) takes {what} {given} and returns {self.network.dtype.name} {out}.\n\n{layers}\n"
            '"""\n\n'
        )

    def _predict(self) -> Iterator[str]:
        shape, dtype, limit = self.network.input_shape, self.network.dtype.name, self.network.index_limit
        yield "def predict(x):"
        yield f'    """The output {batch_shape(self.network.output_shape)} for samples x {batch_shape(shape)}"""'
        yield f'    x = checked(x, {shape}, "{dtype}"{f", limit={limit}" if limit else ""})'
        owner = ""
        for node in self.graph.nodes:
            if node.owner != owner and node.owner:
                owner = node.owner
                yield f"    # {comment(owner)}"
            yield self._line(node)
        yield f"    return {self._in_shape(self.graph.y.value, self.graph.y.shape)}"

    def _line(self, node: Node) -> str:
        """One call, and the shapes of what it gives."""
        if node.key == "fill.constant":
            ((_, use),) = node.outputs.items()
            self.shapes[use.value] = use.value.shape
            first = "len(x)" if use.value.batched else str(use.value.shape[0])
            shape = "".join(f", {size}" for size in use.value.shape[1:])
            value, dtype = _number(node.numbers["value"]), self.network.dtype.name
            return f'    {self._name(use.value)} = np.full(({first}{shape or ","}), {value}, "{dtype}")'
        given, lead = self._arrays(node)
        sizes = {a.written: a.sizes for a in node.operation.arguments if a.written}
        for name, use in node.outputs.items():
            flexible = lead is not None and sizes[name][0] in FLEXIBLE
            self.shapes[use.value] = (*lead, *use.shape[1:]) if flexible and lead is not None else use.shape
        results = [self._name(use.value) if use.value in self.needed else "_" for use in node.outputs.values()]
        begin = f"    {', '.join(results)} = {node.operation.body}("
        return wrapped(begin, self._arguments(node, given), ")", indent=" " * 8)

    def _arrays(self, node: Node) -> tuple[dict[str, str], Shape | None]:
        """The arrays that a node takes, as code; and the axes that stand for its rows or elements."""
        given: dict[str, str] = {}
        lead: Shape | None = None
        rows = {argument.read for argument in node.operation.arguments if argument.sizes[:1] in (("E",), ("R",))}
        for name, use in node.inputs.items():
            shape = self._shape(use.value)
            if name in rows and _is_rows(shape, use.shape):
                lead = shape[: len(shape) - len(use.shape) + 1] if lead is None else lead
                given[name] = self._in_shape(use.value, (*lead, *use.shape[1:]))
            else:
                given[name] = self._in_shape(use.value, use.shape)
        return given, lead

    def _arguments(self, node: Node, given: dict[str, str]) -> Iterator[str]:
        """The arguments of the body: arrays as far as they come in a row, then by their names."""
        in_a_row, gates = True, node.gates
        for name, parameter in inspect.signature(python_function(node.operation.body)).parameters.items():
            if name in given:
                yield given[name] if in_a_row else f"{name}={given[name]}"
                continue
            in_a_row = False
            if name in gates:
                if PYTHON[gates[name]] is not parameter.default:
                    yield f"{name}={gates[name]}"
            elif name in node.numbers or name in node.sizes:
                value = node.numbers.get(name, node.sizes.get(name))
                value = tuple(map(int, value)) if isinstance(value, tuple) else value
                if value != parameter.default:
                    yield f"{name}={_number(value)}"

    def _shape(self, value: Value) -> Shape:
        return value.shape if value.data is not None else self.shapes[value]

    def _in_shape(self, value: Value, shape: Shape) -> str:
        """A variable, reshaped where it has another shape."""
        if self._shape(value) == shape:
            return self._name(value)
        sizes = ", ".join(map(str, (-1, *shape[1:]) if value.batched else shape))
        return f"{self._name(value)}.reshape({sizes})"

    def _name(self, value: Value) -> str:
        if value.data is None:
            return self.names.of(value.place, value.place)
        name = self.names.of(value, value.place)
        self.constants[name] = value.data
        return name

    def _constant(self, name: str, data: Any) -> str:
        dtype = data.dtype.newbyteorder("<")
        text = base64.b64encode(np.ascontiguousarray(data, dtype).tobytes()).decode()
        lines = "\n".join(text[k : k + LINE] for k in range(0, len(text), LINE))
        return f'\n{name} = decoded("{dtype.str}", {data.shape}, """\n{lines}\n""")\n'


def _number(value: Any) -> str:
    """A number, or a tuple of integers, as code."""
    return repr(value) if isinstance(value, tuple) or math.isfinite(value) else f'float("{value}")'


def _is_rows(shape: Shape, passed: Shape) -> bool:
    """Whether an array of `shape` has the axes of `passed`, but for its first, which is more than one or none."""
    tail = passed[1:]
    split = len(shape) - len(tail)
    return split >= 0 and shape[split:] == tail and math.prod(shape[:split]) == passed[0]
