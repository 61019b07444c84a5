"""Activations as nodes. Only Softmax and LogSoftmax look at more than one element: at those of the last axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....layers import activations as ours
from ....layers.base import Layer
from .graph import Graph, Value

Elementwise = Callable[[Graph, Any, str], str]

SAME = {
    ours.Linear: "",
    ours.Mish: "Mish",
    ours.ReLU: "Relu",
    ours.Sigmoid: "Sigmoid",
    ours.Softplus: "Softplus",
    ours.Softsign: "Softsign",
    ours.Tanh: "Tanh",
}
ROWWISE = {ours.LogSoftmax: "LogSoftmax", ours.Softmax: "Softmax"}


def _silu(g: Graph, layer: ours.Silu, x: str) -> str:
    return g.node("Mul", x, g.node("Sigmoid", x))


def _step(g: Graph, layer: ours.Step, x: str) -> str:
    above = g.node("GreaterOrEqual", x, g.constant("zero", 0.0))
    return g.node("Cast", above, to=g.kind)


WITH_NUMBERS: dict[type[Layer], Elementwise] = {
    ours.ELU: lambda g, layer, x: g.node("Elu", x, alpha=layer.alpha),
    ours.GELU: lambda g, layer, x: g.node("Gelu", x, approximate="tanh" if layer.approximate else "none"),
    ours.HardSigmoid: lambda g, layer, x: g.node("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    ours.LeakyReLU: lambda g, layer, x: g.node("LeakyRelu", x, alpha=layer.alpha),
    ours.SELU: lambda g, layer, x: g.node("Selu", x, alpha=1.6732632423543772, gamma=1.0507009873554805),
    ours.Silu: _silu,
    ours.Step: _step,
}


def activated(g: Graph, layer: Any, x: Value) -> Value:
    """An activation of x, or x itself where there is none."""
    if layer is None or type(layer) is ours.Linear:
        return x
    if type(layer) is ours.Activation:
        return activated(g, layer.activation, x)
    x = g.floats(x)
    if type(layer) in ROWWISE:
        x = g.settled(x)
        return x.like(g.node(ROWWISE[type(layer)], x.name, axis=x.place[-1]))
    if type(layer) in SAME:
        return x.like(g.node(SAME[type(layer)], x.name))
    return x.like(WITH_NUMBERS[type(layer)](g, layer, x.name))


WRITERS = dict.fromkeys([ours.Activation, *SAME, *ROWWISE, *WITH_NUMBERS], activated)
