"""A module of torch as layers with their weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError, DtypeError, NumbanetError
from ...layers.base import Layer, Shape
from ..converted import Converted
from ..problems import Unsupported, converted, problem, refuse, sample_shape
from .flow import Flow, UnknownShape
from .graph import steps
from .library import torch
from .modules import CONVERTERS
from .orders import feature_orders
from .tensors import array, from_torch

OWNER = "from_torch"  # what users call it


def read_torch(module: Any, input_shape: Shape) -> Converted:
    """The layers that compute what a torch module does in eval(), with its weights.

    module: an nn.Sequential, or any other whose forward pass is a chain: torch.fx follows it, so that functions between
        modules (F.relu, torch.flatten, x.view(x.size(0), -1), x.permute(0, 2, 1)) count too. A recurrent module's pair
        of results goes on with its first; x[:, -1] or h[-1] takes the last step.
    input_shape: of samples here, channels last: (H, W, C) where torch takes (N, C, H, W), (T, C) for sequences.

    Weights are torch's floats in another order of axes. The rows of a Linear behind a flattened image are in the order
    (H, W, C). Two things are computed: the two biases of RNN and LSTM are added, and momentum is 1 - momentum.

    Raises ArgumentError with a list of all that has no layer here, DtypeError where tensors are not all float32 or all
    float64, and MissingDependency without torch.
    """
    library, shape = torch(OWNER), sample_shape(OWNER, input_shape)
    if not isinstance(module, library.nn.Module):
        raise ArgumentError(f"{OWNER}: module must be a torch.nn.Module. Received: {type(module).__name__}")
    found = steps(library, module)
    flow = Flow(found, shape)
    problems: list[str] = []
    for k, step in enumerate(found):
        flow.position = k
        try:
            if step.kind not in CONVERTERS:
                raise Unsupported("there is no layer for it")
            first = len(flow.layers)
            CONVERTERS[step.kind](step, flow)
            if len(flow.layers) == first + 1 and flow.tensors[-1]:
                _name(step.place, flow.layers[-1])
        except UnknownShape:
            pass  # it stands behind one that is on the list, and by itself nothing was found
        except (Unsupported, NumbanetError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
            problems.append(problem(step.place, step.kind, error))
            flow.lose()
    name = f"a {type(module).__name__}"
    refuse(OWNER, name, problems)
    if not flow.layers:
        raise ArgumentError(f"{OWNER}: expected a module with at least one layer, received {name} without")
    dtype = _dtype(flow.tensors)
    try:
        values = _values(flow)
    except Unsupported as error:
        raise ArgumentError(f"{OWNER}: {name}: {error}") from None
    _freeze(flow.layers, flow.tensors)
    return converted(OWNER, flow.layers, shape, values, "sequential", dtype)


def _name(place: str, layer: Layer) -> None:
    """A layer with parameters is called as its module is, unless that is a number in a Sequential."""
    if not place.rpartition(".")[2].isdigit():
        layer.name = place


def _values(flow: Flow) -> list[Any]:
    shapes = [shape for shape in flow.shapes if shape is not None]
    orders = feature_orders(flow.layers, shapes, flow.orders)
    values: list[Any] = []
    for layer, tensors, order in zip(flow.layers, flow.tensors, orders, strict=True):
        if tensors:
            arrays = {name: array(tensor) for name, tensor in tensors.items()}
            values += from_torch(layer, arrays, order.before, order.after)
    return [np.array(a, order="C") for a in values]  # copies: training here must not move torch's


def _dtype(tensors: Sequence[dict[str, Any]]) -> str:
    """The type of all tensors. Raises DtypeError where there is none that a model here computes in."""
    found = sorted({str(t.dtype).rpartition(".")[2] for of_layer in tensors for t in of_layer.values()})
    if len(found) > 1 or not set(found) <= {"float32", "float64"}:
        raise DtypeError(
            f"{OWNER}: expected tensors of float32, or all of float64, received {', '.join(found)}. Use module.float()"
        )
    return found[0] if found else "float32"


def _freeze(layers: Sequence[Layer], tensors: Sequence[dict[str, Any]]) -> None:
    """Layers whose parameters all have requires_grad=False are frozen."""
    for layer, of_layer in zip(layers, tensors, strict=True):
        kinds = {name: getattr(t, "requires_grad", False) for name, t in of_layer.items()}
        trained = [wanted for name, wanted in kinds.items() if not name.startswith("running_")]
        if trained and not any(trained):
            layer.trainable = False
