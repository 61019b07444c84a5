"""Operators that older exporters wrote as several nodes, found again: LayerNormalization before version 17.

d = x - mean(x), y = d / sqrt(mean(d^2) + epsilon), and then a scale and an offset
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..package import onnx_package
from .constants import array_of
from .views import Refusal


class _Nodes:
    """The nodes by their outputs, and the constants that stand in the file as such."""

    def __init__(self, graph: Any) -> None:
        self.makers: dict[str, Any] = {name: node for node in graph.node for name in node.output}
        self.tensors: Mapping[str, Any] = {tensor.name: tensor for tensor in graph.initializer}

    def maker(self, name: str, *operators: str) -> Any:
        """The node that makes it, if it is of such an operator."""
        node = self.makers.get(name)
        return node if node is not None and node.op_type in operators else None

    def number(self, name: str) -> float | None:
        """A constant of one element."""
        tensor, maker = self.tensors.get(name), self.maker(name, "Constant")
        if tensor is None and maker is not None:
            tensor = next((a.t for a in maker.attribute if a.name == "value"), None)
        try:
            found = None if tensor is None else array_of(tensor)
        except Refusal:
            return None
        return None if found is None or found.size != 1 else float(found.reshape(-1)[0])

    def mean(self, name: str) -> tuple[str, list[int]] | None:
        """(x, axes) where it is the mean of x over axes, which stay."""
        node = self.maker(name, "ReduceMean")
        if node is None:
            return None
        said = {a.name: onnx_package().helper.get_attribute_value(a) for a in node.attribute}
        axes = said.get("axes")
        if axes is None and len(node.input) > 1 and node.input[1] in self.tensors:
            axes = array_of(self.tensors[node.input[1]]).reshape(-1).tolist()
        return (node.input[0], list(axes)) if axes and said.get("keepdims", 1) else None


def with_normalizations(graph: Any) -> list[Any]:
    """The nodes, with a LayerNormalization in place of each Div that ends one."""
    nodes = _Nodes(graph)
    return [_normalization(nodes, node) or node for node in graph.node]


def _normalization(nodes: _Nodes, end: Any) -> Any:
    if end.op_type != "Div" or len(end.input) != 2:
        return None
    difference, root = nodes.maker(end.input[0], "Sub"), nodes.maker(end.input[1], "Sqrt")
    sum_ = nodes.maker(root.input[0], "Add") if root is not None else None
    if difference is None or sum_ is None:
        return None
    mean, variance = nodes.mean(difference.input[1]), nodes.mean(sum_.input[0])
    epsilon = nodes.number(sum_.input[1])
    if mean is None or variance is None or epsilon is None or mean[0] != difference.input[0] or mean[1] != variance[1]:
        return None
    square = nodes.maker(variance[0], "Pow", "Mul")
    if square is None or nodes.maker(square.input[0], "Sub") is None:
        return None
    twice = square.input[0] == square.input[1] if square.op_type == "Mul" else nodes.number(square.input[1]) == 2
    axes = sorted(mean[1])
    if not twice or list(nodes.makers[square.input[0]].input) != list(difference.input):
        return None
    if axes != list(np.arange(-len(axes), 0)):
        return None
    make = onnx_package().helper.make_node
    return make("LayerNormalization", [mean[0]], list(end.output), name=end.name, axis=axes[0], epsilon=epsilon)
