"""A network as an ONNX file: what `predict` computes, for batches of any size.

Opset 21. The input is ours, (N, H, W, C), (N, T, features) or (N, features), of the network's own type, or int64 where
an Embedding comes first. One function for each class of layers writes its nodes, as the tables at the ends of the
files beside this one say; what has none is refused by name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ....checks import choice
from ....errors import ArgumentError
from ....layers.base import Layer, batch_shape
from ....layers.chain import Chain
from ....layers.dense import Dense
from ....layers.masking import Masking
from ....layers.residual import Residual
from ....layers.time_distributed import TimeDistributed
from ....network import Network
from ... import atomic
from ...tensors import path_text
from . import (
    activations,
    convolution,
    dense,
    normalization,
    pooling,
    recurrent,
    shapes,
)
from .graph import BATCH, IR_VERSION, OPSET, Graph, Value, in_order, value

Writer = Callable[[Graph, Any, Value], Value]
MOST_BYTES = 2**31 - 1  # of a protobuf message


def write_onnx(
    path: str | os.PathLike[str], network: Network, name: str = "sequential", dtype: str | None = None
) -> None:
    """Write a network to an ONNX file that is there whole or not at all. The same network gives the same bytes.

    name: of the graph; nodes are called after the layers.
    dtype: "float32" or "float64", the type of the file's input, output and weights; None is the network's own.
        onnxruntime has no float64 kernels for many operators: "float32" rounds the weights of a float64 network.

    Raises ArgumentError for layers that ONNX has no operators for, FileError where the file cannot be written, and
    MissingDependency without the package onnx.
    """
    target = path_text("write_onnx", path)
    content = onnx_model(network, name, dtype).SerializeToString(deterministic=True)
    atomic.write(target, [content])


def onnx_model(network: Network, name: str = "sequential", dtype: str | None = None) -> Any:
    """The network as an onnx.ModelProto. Raises as `write_onnx` does."""
    chosen = network.dtype if dtype is None else choice("write_onnx", "dtype", dtype, ("float32", "float64"))
    _expect_writable(network)
    g = Graph(chosen, network.parameters.views)
    indices = network.index_limit is not None
    y = _chain(g, network.chain, replace(value("input", network.input_shape), indices=indices))
    return _model(g, network, g.plain(y), name)


def _chain(g: Graph, chain: Chain, x: Value) -> Value:
    """Layers one after another."""
    for layer, name in zip(chain.layers, chain.names, strict=True):
        with g.within(name):
            x = _layer(g, layer, x)
            g.note(x)
    return x


def _layer(g: Graph, layer: Layer, x: Value) -> Value:
    return WRITERS[type(layer)](g, layer, x)


def _residual(g: Graph, layer: Residual, x: Value) -> Value:
    """Both ways from x, which lie as the first of them does where they meet."""
    ways = [_chain(g, chain, x) for chain in layer._chains(x.seen)]
    a = g.settled(ways[0])
    b = g.laid(ways[1] if layer.shortcut else x, a.axes)
    return activations.activated(g, layer.activation, a.like(g.node("Add", a.name, b.name)))


def _each_step(g: Graph, layer: TimeDistributed, x: Value) -> Value:
    """Steps are samples to the layer; what treats elements and rows alone needs no other shape for that."""
    inside = layer.layer
    with g.within(layer._name):
        if type(inside) is Dense:
            return dense.dense_of_steps(g, inside, x)
        if type(inside) in activations.WRITERS:
            return _layer(g, inside, x)
        if inside.passes_through(False):
            return replace(x, seen=layer.describe(x.seen).output_shape)
        if x.axes[:2] != (0, 1) or x.seen[0] != x.shape[0]:
            x = g.arranged(x, in_order(len(x.seen)))
        before, g.whole_batch = g.whole_batch, False
        y = _layer(g, inside, _merged(g, x))
        g.whole_batch = before
        return _split(g, y if y.axes[0] == 0 else g.plain(y), x.shape[0])


def _merged(g: Graph, x: Value) -> Value:
    """(N, T, ...) as (N T, ...), wherever the axes after the first two are."""
    sizes = [-1, *(size or 0 for size in x.sizes[2:])]
    samples = g.node("Reshape", x.name, g.integers("shape", sizes))
    return Value(samples, x.shape[1:], (0, *(axis - 1 for axis in x.axes[2:])), x.seen[1:], x.indices)


def _split(g: Graph, y: Value, steps: int) -> Value:
    """(N T, ...) as (N, T, ...)."""
    sizes = [-1, steps, *(size or 0 for size in y.sizes[1:])]
    sequences = g.node("Reshape", y.name, g.integers("shape", sizes))
    return Value(sequences, (steps, *y.shape), (0, 1, *(a + 1 for a in y.axes[1:])), (steps, *y.seen), y.indices)


WRITERS: dict[Any, Writer] = {
    **activations.WRITERS,
    **convolution.WRITERS,
    **dense.WRITERS,
    **normalization.WRITERS,
    **pooling.WRITERS,
    **recurrent.WRITERS,
    **shapes.WRITERS,
    Residual: _residual,
    TimeDistributed: _each_step,
}
# Why a layer of that class cannot be written, or None where it can.
REASONS: dict[Any, Callable[[Any], str | None]] = {
    **dense.REASONS,
    **recurrent.REASONS,
    Masking: lambda layer: "it makes a mask, for which a graph has no place",
}


def _reasons(layers: Sequence[Layer], names: Sequence[str | None]) -> list[str]:
    """Why layers, or those within them, cannot be written."""
    found = []
    for layer, name in zip(layers, names, strict=True):
        activation = getattr(layer, "activation", None)
        inside = [*layer.inner_layers, *([activation] if isinstance(activation, Layer) else [])]
        reason = REASONS.get(type(layer), lambda layer: None)(layer)
        if reason is None and type(layer) not in WRITERS:
            reason = "there is no operator for a class of your own"
        if reason is not None:
            found.append(f"{type(layer).__name__} ({name!r}): {reason}")
        found += _reasons(inside, [name] * len(inside))
    return found


def _expect_writable(network: Network) -> None:
    if reasons := _reasons(network.layers, network.chain.names):
        raise ArgumentError(
            f"write_onnx: expected layers that ONNX has operators for, received {'; '.join(reasons)}. "
            "Leave them out or put others in their place."
        )
    size = network.parameters.nbytes
    if size > MOST_BYTES - 2**20:  # the rest is for nodes and names
        raise ArgumentError(f"write_onnx: an ONNX file holds less than 2 GiB. Received: {size} bytes of parameters")


def _model(g: Graph, network: Network, y: Value, name: str) -> Any:
    """The file's content: y becomes the output, and sizes of layers' outputs are for checkers and readers."""
    helper, kind = g.onnx.helper, g.kind
    made = {output: node for node in g.nodes for output in node.output}
    if y.name in made:
        _rename(g, y.name, "output")
    else:
        g.nodes.append(helper.make_node("Identity", [y.name], ["output"], "output"))
    first = g.onnx.TensorProto.INT64 if network.index_limit is not None else kind
    constants = [g.onnx.numpy_helper.from_array(a, key) for key, a in g.constants.items()]
    graph = helper.make_graph(
        g.nodes,
        name,
        [_described(helper, "input", first, [None, *network.input_shape])],
        [_described(helper, "output", kind, [None, *network.output_shape])],
        constants,
        f"numbanet: {batch_shape(network.input_shape)} -> {batch_shape(network.output_shape)}",
        [_described(helper, key, kind, sizes) for key, sizes in g.shapes.items() if key in made and key != y.name],
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="numbanet",
        producer_version=str(getattr(sys.modules[__name__.partition(".")[0]], "__version__", "")),
    )


def _described(helper: Any, name: str, kind: int, sizes: Sequence[int | None]) -> Any:
    return helper.make_tensor_value_info(name, kind, [BATCH if size is None else size for size in sizes])


def _rename(g: Graph, before: str, after: str) -> None:
    """Another name for a value."""
    for node in g.nodes:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == before:
                    names[place] = after
