"""From a graph to pieces: node by node, and all that cannot be imported is said at once."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ....errors import ArgumentError
from ..package import onnx_package
from .constants import array_of, folded, shape_of
from .elementwise import Lazy, settled
from .node import READERS, Node
from .patterns import with_normalizations
from .pieces import Data, Unjoined
from .views import Memory, Part, Refusal, View

UNKNOWN_BATCH = 1_000_003  # a prime number that stands for the batch size in computations of shapes
STANDARD = ("", "ai.onnx")


class Unknown:
    """What a node would have given that cannot be imported."""


class Graph:
    """The nodes on the way to one output of a model, and the values of their names."""

    def __init__(self, model: Any, output: str | None, sizes: list[int | None] | None) -> None:
        self.model, self.graph = model, model.graph
        self.version = max((o.version for o in model.opset_import if o.domain in STANDARD), default=1)
        self.output = self._chosen_output(output)
        self.nodes = self._needed()
        self.uses: dict[str, int] = {self.output: 1}
        for node in self.nodes:
            for name in node.input:
                self.uses[name] = self.uses.get(name, 0) + 1
        self.values: dict[str, Any] = {"": None}
        self.problems: list[tuple[Any, str]] = []
        self._take_constants()
        self.input = self._input(sizes)

    def _chosen_output(self, output: str | None) -> str:
        names = [o.name for o in self.graph.output]
        if output is None and len(names) != 1:
            raise ArgumentError(f"from_onnx: the graph has outputs {names}; choose one by output=")
        if output is not None and output not in names:
            raise ArgumentError(f"from_onnx: output must be one of {names}. Received: output={output!r}")
        return str(names[0] if output is None else output)

    def _needed(self) -> list[Any]:
        """The nodes that the output depends on."""
        wanted, found = {self.output}, []
        for node in reversed(with_normalizations(self.graph)):
            if wanted & set(node.output) - {""}:
                found.append(node)
                wanted |= set(node.input)
        return found[::-1]

    def _take_constants(self) -> None:
        for tensor in self.graph.initializer:
            if tensor.name in self.uses:
                try:
                    self.values[tensor.name] = array_of(tensor)
                except Refusal as refusal:
                    self.problems.append((None, str(refusal)))
                    self.values[tensor.name] = Unknown()
        sparse = [t.values.name for t in self.graph.sparse_initializer if t.values.name in self.uses]
        for name in sparse:
            self.problems.append((None, f"tensor {name!r:.100} is sparse"))
            self.values[name] = Unknown()

    def _input(self, given: list[int | None] | None) -> Data:
        """The one input that is no constant."""
        inputs = [i for i in self.graph.input if i.name in self.uses and i.name not in self.values]
        if len(inputs) != 1:
            names = [i.name for i in inputs]
            raise ArgumentError(f"from_onnx: expected a graph with one input, found {len(names)}: {names!r:.300}")
        kind = inputs[0].type.tensor_type
        if kind.elem_type not in (1, 11, 6, 7):
            raise ArgumentError(
                f"from_onnx: expected an input of float32, float64, int32 or int64, found type {kind.elem_type} of "
                f"{inputs[0].name!r:.100}"
            )
        self.input_type = int(kind.elem_type)
        dims = [d.dim_value if d.WhichOneof("value") == "dim_value" else None for d in kind.shape.dim]
        sizes = _sizes(inputs[0].name, kind, dims, given)
        parts = [Part(UNKNOWN_BATCH if size is None else size) for size in sizes]
        batch = parts[sizes.index(None)] if None in sizes else None
        if batch is not None and dims:
            batch.size = dims[sizes.index(None)] or UNKNOWN_BATCH
        indices = self.input_type in (6, 7)
        data = Data(View(Memory.of_input(batch, parts, indices), [[p] for p in parts]), indices=indices)
        self.values[inputs[0].name] = data
        if self.model.producer_name == "numbanet":  # of our own exports we know how they lie
            data.view.settle()
        return data

    @functools.cached_property
    def float_type(self) -> int:
        """The type of the floats, as ONNX numbers it: the input's, or that of the constants where it is integer."""
        if self.input_type in (1, 11):
            return self.input_type
        types = {
            v.dtype for v in self.values.values() if isinstance(v, np.ndarray) and v.dtype.kind == "f" and v.ndim > 1
        }
        return 11 if np.dtype(np.float64) in types else 1

    def run(self) -> Data:
        """The output's value. Raises ArgumentError with all nodes that cannot be imported."""
        for proto in self.nodes:
            used = [name in self.uses for name in proto.output]
            try:
                found = self._value(proto, used)
            except Refusal as refusal:
                found = self._refused(refusal, proto)
            outputs = found if isinstance(found, tuple) else (found,)
            for name, value in zip(proto.output, outputs, strict=False):
                self.values[name] = value
        last = self.values[self.output]
        if not self.problems:
            try:
                if isinstance(last, np.ndarray):
                    raise Refusal("the graph's output is a constant")
                last = settled(last)
            except Refusal as refusal:
                self._refused(refusal, None)
        self._raise()
        return last  # type: ignore[no-any-return]

    def _value(self, proto: Any, used: list[bool]) -> Any:
        version = self.version if proto.domain in STANDARD else 0
        inputs = [self.values.get(name, Unknown()) for name in proto.input]
        unknown = any(isinstance(value, Unknown) for value in inputs)
        depends = any(isinstance(value, Data | Lazy) for value in inputs)
        if not version:
            raise Refusal(f"its operator is of the domain {proto.domain!r:.100}, which is not supported")
        if proto.op_type not in READERS and (depends or unknown) and proto.op_type not in ("Shape", "Size"):
            raise Refusal("its operator is not supported")
        if unknown:
            return tuple(Unknown() for _ in proto.output)
        alone = all(self.uses.get(name, 0) == 1 for name in proto.input if isinstance(self.values.get(name), Data))
        node = Node(proto, version, inputs, used, alone, self.float_type)
        if not depends:
            return folded(node)
        if proto.op_type == "Shape":
            return shape_of(node, settled(inputs[0]).view.sizes)
        return READERS[proto.op_type](node)

    def _refused(self, refusal: Refusal, proto: Any) -> tuple[Any, ...]:
        """Take down why; what the node would have given, so that those after it are looked at, too."""
        node = refusal.node.proto if refusal.node is not None else proto
        follows = bool(self.problems) and (isinstance(refusal, Unjoined) or proto.op_type in ("Reshape", "Expand"))
        if not follows and not any(node is other for other, _ in self.problems):
            self.problems.append((node, str(refusal)))
        return () if proto is None else tuple(map(self._guessed, proto.output))

    def _guessed(self, name: str) -> Any:
        """A value of the shape that the package onnx infers, in any order of axes."""
        dims = self.shapes.get(name, [])
        sizes = [size or UNKNOWN_BATCH for size in dims]
        if not sizes or dims.count(None) > 1:
            return Unknown()
        parts = [Part(size) for size in sizes]
        batch = parts[dims.index(None)] if None in dims else None
        return Data(View(Memory.of_input(batch, parts, False), [[part] for part in parts]))

    @functools.cached_property
    def shapes(self) -> dict[str, list[int | None]]:
        """The sizes of all tensors as far as they can be inferred; looked at only for what cannot be imported."""
        try:
            graph = onnx_package().shape_inference.infer_shapes(self.model, data_prop=True).graph
        except Exception:  # what it raises on a file that it does not like is not listed anywhere
            return {}
        known = [v for v in (*graph.value_info, *graph.output) if v.type.tensor_type.HasField("shape")]
        return {v.name: [d.dim_value or None for d in v.type.tensor_type.shape.dim] for v in known}

    def refuse(self, reason: str) -> None:
        """The graph as a whole cannot be imported."""
        self.problems.append((None, reason))
        self._raise()

    def _raise(self) -> None:
        if not self.problems:
            return
        lines = [
            f"  {reason}" if node is None else f"  {node.op_type} {node.name or node.output[0]!r:.100}: {reason}"
            for node, reason in self.problems
        ]
        count = (
            f"{len(lines)} of {len(self.nodes)} nodes"
            if all(node is not None for node, _ in self.problems)
            else "what follows"
        )
        raise ArgumentError(
            f"from_onnx: the graph {self.graph.name!r:.100} cannot be imported because of {count}:\n" + "\n".join(lines)
        )


def _sizes(name: str, kind: Any, dims: list[int | None], given: list[int | None] | None) -> list[int | None]:
    """The sizes of the graph's input, None for the batch axis; without any None the first layer says which it is."""
    said = "(" + ", ".join(d.dim_param or str(d.dim_value or "?") for d in kind.shape.dim) + ")"
    if not kind.HasField("shape"):
        said, dims = "not said", list(given or [])
    if given is not None:
        if len(given) == len(dims) - 1 and None not in given:
            given = [None, *given]
        fits = len(given) == len(dims) and given.count(None) == 1
        fits = fits and all(a is None or b is None or a == b for a, b in zip(given, dims, strict=True))
        if not fits:
            raise ArgumentError(
                f"from_onnx: input_shape must be the sizes of the input {name!r:.100} in the file's order, which are "
                f"{said}, with None for the batch axis. Received: input_shape={tuple(given)}"
            )
        return given
    if not dims or dims.count(None) > 1:
        raise ArgumentError(
            f"from_onnx: expected an input {name!r:.100} of known sizes but for the batch axis; they are {said}. Give "
            "them in the file's order, with None for the batch axis: input_shape=(None, 3, 224, 224)"
        )
    if any(size is not None and size < 1 for size in dims):
        raise ArgumentError(f"from_onnx: expected an input {name!r:.100} of positive sizes, found {said}")
    return dims
