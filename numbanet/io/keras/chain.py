"""The order of layers in a model of Keras, which must be a chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..problems import Unsupported
from .config import Node, node

CONTAINERS = ("Functional", "Model", "Sequential")
INPUT = "InputLayer"
MASKS = ("NotEqual", "Any")  # operations that Keras adds to compute masks, which layers here do themselves


def chain(model: Node) -> tuple[list[int | None] | None, list[Node]]:
    """The shape of batches, None where the model does not say it, and the layers in order, without the input's.

    Raises Unsupported where a Functional model has branches, and ValueError for what is no model.
    """
    if model.kind not in CONTAINERS:
        raise Unsupported("it is neither a Sequential nor a Functional model")
    given = model.config.get("layers")
    if not isinstance(given, list) or not given:
        raise ValueError(f"expected a model with layers, found {given!r:.200}")
    layers = [node(value) for value in given]
    if model.kind != "Sequential":
        layers = _in_order(model, layers)
    shape = _batch_shape(layers[0]) or model.config.get("build_input_shape")
    return _sizes(shape), [layer for layer in layers if layer.kind != INPUT]


def _batch_shape(first: Node) -> Any:
    """An older Keras writes it to the first layer of any class."""
    found = first.config.get("batch_shape", first.config.get("batch_input_shape"))
    if found is None and first.kind in CONTAINERS:
        return chain(first)[0]
    return found


def _sizes(shape: Any) -> list[int | None] | None:
    if shape is None:
        return None
    if not isinstance(shape, list | tuple) or not shape or not all(s is None or type(s) is int for s in shape):
        raise ValueError(f"expected the shape of an input, found {shape!r:.100}")
    return list(shape)


def _in_order(model: Node, layers: list[Node]) -> list[Node]:
    """The layers of a Functional model from its input to its output."""
    by_name = {str(layer.node.get("name", layer.name)): layer for layer in layers}
    inputs, outputs = (_names(model.config.get(f"{end}_layers")) for end in ("input", "output"))
    if len(inputs) != 1 or len(outputs) != 1:
        raise Unsupported(f"it has {len(inputs)} inputs and {len(outputs)} outputs: a chain has one of each")
    after: dict[str, list[str]] = {}
    for name, layer in by_name.items():
        for source in () if layer.kind in MASKS else _sources(layer):
            after.setdefault(source, []).append(name)
    found, name = [by_name[inputs[0]]], inputs[0]
    while name != outputs[0]:
        followers = after.get(name, [])
        if len(followers) != 1 or len(found) > len(layers):
            raise Unsupported(f"the output of {name!r} goes to {len(followers)} layers: in a chain it goes to one")
        name = followers[0]
        found.append(by_name[name])
    left = len(layers) - len(found) - sum(layer.kind in MASKS for layer in layers)
    if left:
        raise Unsupported(f"{left} of its layers are on no way from its input to its output")
    return found


def _names(ends: Any) -> list[str]:
    """["dense", 0, 0], or a list of such, as names."""
    if not isinstance(ends, list | tuple):
        raise ValueError(f"expected the ends of a model, found {ends!r:.100}")
    entries = [ends] if ends and isinstance(ends[0], str) else ends
    return [str(entry[0]) for entry in entries]


def _sources(layer: Node) -> Iterator[str]:
    """The layers whose outputs it is called with."""
    calls = layer.node.get("inbound_nodes") or []
    if len(calls) > 1:
        raise Unsupported(f"{layer.name!r} is called {len(calls)} times: layers here do not share weights")
    for call in calls:
        if isinstance(call, Mapping):
            if dict(call.get("kwargs") or {}).get("training"):
                raise Unsupported(f"{layer.name!r} is called with training=True")
            yield from _histories(call.get("args"))
        else:  # of an older Keras: [name, node, tensor, arguments] for each input
            yield from (str(entry[0]) for entry in call)


def _histories(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        history = value["config"]["keras_history"]
        yield str(history[0])
    elif isinstance(value, list | tuple):
        for v in value:
            yield from _histories(v)
