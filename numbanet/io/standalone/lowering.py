"""A graph made shorter: what does not depend on the input is computed now, and what has no effect is left out."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import ArgumentError
from .bodies import python_function
from .graph import Graph, Node, Use, Value
from .operations import NEUTRAL, SPLIT, STARTS


def lower(graph: Graph) -> Graph:
    """The graph, changed."""
    for step in (_start_from_states, _leave_out_neutral, _split, Graph.keep_needed, _fold):
        step(graph)
    graph.keep_needed()
    return graph


def _start_from_states(graph: Graph) -> None:
    """Loops over time take the state they start from, instead of an array of all states in which only that one is."""
    producers = graph.producers()
    for node in graph.nodes:
        for name in STARTS:
            if name in node.inputs:
                put = producers.get(node.inputs[name].value)
                first = node.sizes["T"] if node.sizes["back"] else 0
                if put is None or put.key != "time_slice.put" or put.numbers["first"] != first:
                    raise ArgumentError(
                        f"export: layer {node.owner!r} starts {node.key} from states that are not put there by "
                        "time_slice.put, which standalone files need."
                    )
                node.inputs[name] = put.inputs["one"]


def _leave_out_neutral(graph: Graph) -> None:
    """A bias of zeros, a mask of ones, and states that start at zero: arrays that a body does without."""
    producers = graph.producers()
    neutral = NEUTRAL | dict.fromkeys(STARTS, 0.0)
    for node in graph.nodes:
        for name in [name for name in node.inputs if name in neutral]:
            parameters = inspect.signature(python_function(node.operation.body)).parameters
            made = producers.get(node.inputs[name].value)
            is_neutral = made is not None and made.key == "fill.constant" and made.numbers["value"] == neutral[name]
            if is_neutral and (name not in parameters or parameters[name].default is None):
                del node.inputs[name]


def _split(graph: Graph) -> None:
    """What an operation makes of parameters alone, such as a deviation, becomes a node of its own, to be folded."""
    nodes = []
    for node in graph.nodes:
        if node.key in SPLIT:
            key, result, moved = SPLIT[node.key]
            given = {name: node.inputs.pop(name) for name in moved if name in node.inputs}
            shape = given["variance"].shape
            use = Use(Value(f"{node.owner}/{result}", shape), shape)
            numbers = {"epsilon": node.numbers.pop("epsilon")}
            nodes.append(Node(node.owner, key, given, numbers, {"C": shape[0]}, {result: use}))
            node.inputs[result] = use
        nodes.append(node)
    graph.nodes = nodes


def _fold(graph: Graph) -> None:
    """Nodes that take constants alone give constants: they are computed now, in float64, by their NumPy body."""
    known: dict[Value, Value] = {}
    nodes = []
    for node in graph.nodes:
        node.inputs = {name: replace(use, value=known.get(use.value, use.value)) for name, use in node.inputs.items()}
        if node.inputs and all(use.value.data is not None for use in node.inputs.values()):
            for use, result in zip(node.outputs.values(), _computed(node), strict=True):
                dtype = next(iter(node.inputs.values())).value.data.dtype
                data = np.ascontiguousarray(result, dtype).reshape(use.value.shape)
                known[use.value] = Value(use.value.place, use.value.shape, data)
        else:
            nodes.append(node)
    graph.nodes = nodes
    graph.y = replace(graph.y, value=known.get(graph.y.value, graph.y.value))


def _computed(node: Node) -> tuple[Any, ...]:
    function = python_function(node.operation.body)
    values: dict[str, Any] = node.sizes | node.numbers
    values |= {name: use.value.data.astype(np.float64).reshape(use.shape) for name, use in node.inputs.items()}
    result = function(**{name: values[name] for name in inspect.signature(function).parameters if name in values})
    return result if isinstance(result, tuple) else (result,)
