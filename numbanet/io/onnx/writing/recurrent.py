"""SimpleRNN, LSTM, GRU and Bidirectional: sequences (T, N, features), which ONNX calls layout 0.

An operator reads a sequence forwards, backwards or both ways, and gives all states in the order of the input,
(T, directions, N, units), and the last ones, (directions, N, units).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....layers.bidirectional import Bidirectional
from ....layers.recurrent import GRU, LSTM, SimpleRNN
from .graph import STEPS_FIRST, Graph, Value, value

OPERATORS = {SimpleRNN: "RNN", GRU: "GRU", LSTM: "LSTM"}
PARTS = {SimpleRNN: [0], GRU: [0, 1, 2], LSTM: [0, 3, 1, 2]}  # of ours, in ONNX's order: i, o, f, c
MERGES = {"sum": "ReduceSum", "mul": "ReduceProd", "ave": "ReduceMean"}

# An activation's name there, and the numbers that it takes, alpha and beta.
ACTIVATIONS: dict[str, tuple[Any, ...]] = {
    "tanh": ("Tanh",),
    "sigmoid": ("Sigmoid",),
    "relu": ("Relu",),
    "linear": ("Affine", 1.0, 0.0),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
    "softsign": ("Softsign",),
    "elu": ("Elu", 1.0),
    "softplus": ("Softplus",),
}


def unsaid(layer: Any) -> str | None:
    """Why a recurrent layer cannot be written, if so."""
    if layer.stateful:
        return "stateful=True keeps states from batch to batch, which a graph does not"
    names = {layer.activation, getattr(layer, "recurrent_activation", layer.activation)}
    if unknown := names - set(ACTIVATIONS):
        return f"ONNX's {OPERATORS[type(layer)]} knows no activation {min(unknown)!r}"
    return None


def _weights(g: Graph, layer: Any) -> list[Any]:
    """W (parts units, features), R (parts units, units) and B (2 parts units,), without the axis of directions."""
    order = PARTS[type(layer)]

    def arranged(a: Any) -> Any:
        """(..., parts units) with its parts in ONNX's order."""
        return a.reshape(*a.shape[:-1], len(order), layer.units)[..., order, :].reshape(a.shape)

    width = len(order) * layer.units
    b = np.zeros((2, width))
    if layer.use_bias:
        b[: 2 if layer.bias_shape() == (2, width) else 1] = arranged(g.parameter("bias"))
    return [arranged(g.parameter("kernel")).T, arranged(g.parameter("recurrent_kernel")).T, b.reshape(-1)]


def _attributes(layers: list[Any]) -> dict[str, Any]:
    """Of an operator for one layer, or for two that read both ways: the activations of one, then those of the other."""
    first = layers[0]
    names = []
    for layer in layers:
        gates = [layer.recurrent_activation] if hasattr(layer, "recurrent_activation") else []
        names += [*gates, layer.activation, *([layer.activation] if isinstance(layer, LSTM) else [])]
    said = [ACTIVATIONS[name] for name in names]
    attributes: dict[str, Any] = {"activations": [name for name, *_ in said], "hidden_size": first.units}
    if alphas := [numbers[0] for _, *numbers in said if numbers]:  # consumed by those activations that take some
        attributes["activation_alpha"] = alphas
    if betas := [numbers[1] for _, *numbers in said if len(numbers) > 1]:
        attributes["activation_beta"] = betas
    if len(layers) == 2:
        attributes["direction"] = "bidirectional"
    else:
        attributes["direction"] = "reverse" if first.go_backwards else "forward"
    if isinstance(first, GRU):
        attributes["linear_before_reset"] = int(first.reset_after)
    return attributes


def _states(g: Graph, x: Value, layers: list[Any], parts: list[str], sequences: bool) -> str:
    """All states (T, directions, N, units), or the last ones (directions, N, units).

    parts: the names of the layers within their owner, or "" for itself.
    """
    weights = []
    for layer, part in zip(layers, parts, strict=True):
        with g.within(part):
            weights.append(_weights(g, layer))
    stacked = dict(zip("WRB", map(np.stack, zip(*weights, strict=True)), strict=True))
    if not any(layer.use_bias for layer in layers):
        del stacked["B"]
    given = [g.constant(name, a) for name, a in stacked.items()]
    output = 0 if sequences else 1
    return g.node(OPERATORS[type(layers[0])], x.name, *given, output=output, **_attributes(layers))


def _one_way(g: Graph, x: Value, layer: Any, part: str = "") -> str:
    """All states (T, N, units) in the order of the input, or the last one (N, units)."""
    states = _states(g, x, [layer], [part], layer.return_sequences)
    return g.node("Squeeze", states, g.integers("axes", [1 if layer.return_sequences else 0]))


def _given(g: Graph, states: str, sequences: bool, turned: bool, shape: tuple[int, ...]) -> Value:
    """What a layer gives. turned: from the last step to the first."""
    if not sequences:
        return value(states, shape)
    if turned:
        ends = [g.integers(name, [n]) for name, n in (("starts", -1), ("ends", np.iinfo(np.int64).min))]
        states = g.node("Slice", states, *ends, g.integers("axes", [0]), g.integers("steps", [-1]))
    return value(states, shape, STEPS_FIRST)


def recurrent(g: Graph, layer: Any, x: Value) -> Value:
    x = g.laid(x, STEPS_FIRST)
    shape = layer.describe(x.seen).output_shape
    return _given(g, _one_way(g, x, layer), layer.return_sequences, layer.go_backwards, shape)


def bidirectional(g: Graph, layer: Bidirectional, x: Value) -> Value:
    """One node for two layers of one kind; outputs side by side come with those of the forward layer first."""
    x = g.laid(x, STEPS_FIRST)
    one, other = layer.layer, layer.backward_layer
    names = [chain.names[0] for chain in layer._chains(x.seen)]
    sequences, shape = one.return_sequences, layer.describe(x.seen).output_shape
    same = type(one) is type(other) and one.units == other.units and _gated(one) == _gated(other)
    if not same or (one.go_backwards and layer.merge_mode == "concat"):
        merged = _merged(g, layer, [_one_way(g, x, *way) for way in zip((one, other), names, strict=True)])
        return _given(g, merged, sequences, one.go_backwards, shape)
    forwards, backwards = sorted(zip((one, other), names, strict=True), key=lambda way: way[0].go_backwards)
    states = _states(g, x, [forwards[0], backwards[0]], [forwards[1], backwards[1]], sequences)
    if layer.merge_mode != "concat":
        directions = g.integers("axes", [1 if sequences else 0])
        merged = g.node(MERGES[layer.merge_mode], states, directions, keepdims=0)
        return _given(g, merged, sequences, one.go_backwards, shape)
    if sequences:
        steps = g.node("Transpose", states, perm=[0, 2, 1, 3])
        return value(g.node("Reshape", steps, g.integers("shape", [0, 0, shape[-1]])), shape, STEPS_FIRST)
    samples = g.node("Transpose", states, perm=[1, 0, 2])
    return value(g.reshaped(samples, shape), shape)


def _gated(layer: Any) -> bool:
    """Of a GRU, where its reset gate acts."""
    return getattr(layer, "reset_after", False)


def _merged(g: Graph, layer: Bidirectional, states: list[str]) -> str:
    """The states of two nodes as those of one layer."""
    if layer.merge_mode == "concat":
        return g.node("Concat", *states, axis=-1)
    if layer.merge_mode == "ave":
        return g.node("Mean", *states)
    return g.node("Add" if layer.merge_mode == "sum" else "Mul", *states)


WRITERS: dict[Any, Any] = {**dict.fromkeys(OPERATORS, recurrent), Bidirectional: bidirectional}
REASONS: dict[Any, Any] = dict.fromkeys(OPERATORS, unsaid)
