"""The parameters of a layer as the tensors of torch's module, and back: the same floats in another order of axes.

torch has the outputs first, the window last, and the parts of recurrent kernels below one another; GRU's are in the
order reset, update, new there and update, reset, candidate here. Where a layer here has one bias and torch two, theirs
are added, and ours goes to bias_ih with zeros in bias_hh.

before, after: the order of features where torch flattens images channels first: feature k here is feature before[k] of
torch's input, after[k] of its output; None for the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...layers import (
    GRU,
    Bidirectional,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Embedding,
    LayerNormalization,
    TimeDistributed,
)
from ...layers.base import Layer
from ...layers.normalization import _Normalization
from ...layers.recurrence import _Recurrent
from ..problems import Unsupported

COUNT = "num_batches_tracked"  # of BatchNorm: how many batches its statistics are of, which nothing here asks for
WINDOWS = {Conv1D: (2, 1, 0), Conv2D: (3, 2, 0, 1), Conv2DTranspose: (3, 2, 0, 1)}  # torch's axes among ours


def own(module: Any) -> dict[str, Any]:
    """A module's own tensors by name, as they are."""
    found = {**dict(module.named_parameters(recurse=False)), **dict(module.named_buffers(recurse=False))}
    return {name: tensor for name, tensor in found.items() if name != COUNT}


def array(tensor: Any) -> Any:
    """A tensor of torch, or an array, as an array."""
    return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else np.asarray(tensor)


def to_torch(layer: Layer, values: Sequence[Any], before: Any = None, after: Any = None) -> dict[str, Any]:
    """The tensors of a layer's parameters, by their names in torch and in its order, as arrays.

    values: in the order of get_weights, without the states of a stateful layer. Raises Unsupported where torch has no
    module for the layer.
    """
    if isinstance(layer, TimeDistributed):
        return to_torch(layer.layer, values)
    if isinstance(layer, Bidirectional):
        half = len(values) // 2
        return _recurrent_to_torch(layer.layer, values[:half], "") | _recurrent_to_torch(
            layer.backward_layer, values[half:], "_reverse"
        )
    if isinstance(layer, _Recurrent):
        return _recurrent_to_torch(layer, values, "")
    if isinstance(layer, _Normalization):
        return _normalization_to_torch(layer, values, before)
    if type(layer) is Embedding:
        return {"weight": values[0]}
    kernel, *bias = values
    found = {"weight": _kernel_to_torch(layer, kernel, before, after)}
    return found | ({"bias": _moved(bias[0], after, True)} if bias else {})


def from_torch(layer: Layer, tensors: Mapping[str, Any], before: Any = None, after: Any = None) -> list[Any]:
    """The parameters that torch's tensors, as arrays, are: the inverse of `to_torch`."""
    if isinstance(layer, TimeDistributed):
        return from_torch(layer.layer, tensors)
    if isinstance(layer, Bidirectional):
        one, other = layer.layer, layer.backward_layer
        return _recurrent_from_torch(one, tensors, "") + _recurrent_from_torch(other, tensors, "_reverse")
    if isinstance(layer, _Recurrent):
        return _recurrent_from_torch(layer, tensors, "")
    if isinstance(layer, _Normalization):
        return _normalization_from_torch(layer, tensors, before)
    if type(layer) is Embedding:
        return [tensors["weight"]]
    kernel = _kernel_from_torch(layer, tensors["weight"], before, after)
    return [kernel, _moved(tensors["bias"], after)] if "bias" in tensors else [kernel]


def _moved(a: Any, order: Any, back: bool = False, axis: int = 0) -> Any:
    """An array of torch's features in our order, or back."""
    if order is None:
        return a
    return np.take(a, np.argsort(order) if back else order, axis)


def _kernel_to_torch(layer: Layer, kernel: Any, before: Any, after: Any) -> Any:
    if type(layer) is Dense:
        return _moved(_moved(kernel.T, after, True, 0), before, True, 1)
    if type(layer) is DepthwiseConv2D:
        return kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
    if type(layer) in WINDOWS:
        flipped = getattr(layer, "flip_kernel", False)
        return (kernel[::-1, ::-1] if flipped else kernel).transpose(WINDOWS[type(layer)])
    raise Unsupported("torch has no module with its parameters")


def _kernel_from_torch(layer: Layer, weight: Any, before: Any, after: Any) -> Any:
    if type(layer) is Dense:
        return _moved(_moved(weight, after, False, 0), before, False, 1).T
    if type(layer) is DepthwiseConv2D:
        m = layer.depth_multiplier
        return weight.reshape(-1, m, *weight.shape[2:]).transpose(2, 3, 0, 1)
    kernel = weight.transpose(np.argsort(WINDOWS[type(layer)]))
    return kernel[::-1, ::-1] if getattr(layer, "flip_kernel", False) else kernel


def _normalization_to_torch(layer: _Normalization, values: Sequence[Any], before: Any) -> dict[str, Any]:
    """torch has both scale and offset or none: ones and zeros stand for what the layer does without."""
    given = list(values)
    found: dict[str, Any] = {}
    if layer.scale or layer.center:
        like = given[0]
        found["weight"] = given.pop(0) if layer.scale else np.ones_like(like)
        if layer.center or not isinstance(layer, LayerNormalization):
            found["bias"] = given.pop(0) if layer.center else np.zeros_like(like)
    found |= dict(zip(("running_mean", "running_var"), given, strict=False))
    return {name: _moved(a, before, True) for name, a in found.items()}


def _normalization_from_torch(layer: _Normalization, tensors: Mapping[str, Any], before: Any) -> list[Any]:
    if not layer.scale and not (np.asarray(tensors.get("weight", 1)) == 1).all():
        raise Unsupported("it has scale=False, and the weight there is not 1")
    if not layer.center and (np.asarray(tensors.get("bias", 0)) != 0).any():
        raise Unsupported("it has center=False, and the bias there is not 0")
    names = ["weight"] * layer.scale + ["bias"] * layer.center + ["running_mean", "running_var"]
    return [_moved(tensors[name], before) for name in names if name in tensors]


def _gates(layer: _Recurrent, a: Any) -> Any:
    """The first axis in the other's order of parts: GRU's first two are exchanged, either way."""
    if not isinstance(layer, GRU):
        return a
    one, other, last = np.split(a, 3)
    return np.concatenate([other, one, last])


def _recurrent_to_torch(layer: _Recurrent, values: Sequence[Any], way: str) -> dict[str, Any]:
    kernel, recurrent, *biases = values
    found = {f"weight_ih_l0{way}": _gates(layer, kernel.T), f"weight_hh_l0{way}": _gates(layer, recurrent.T)}
    for bias in biases:
        if isinstance(layer, GRU) and not layer.reset_after:
            raise Unsupported("torch has no GRU with reset_after=False")
        ih, hh = bias if isinstance(layer, GRU) else (bias, np.zeros_like(bias))
        found |= {f"bias_ih_l0{way}": _gates(layer, ih), f"bias_hh_l0{way}": _gates(layer, hh)}
    return found


def _recurrent_from_torch(layer: _Recurrent, tensors: Mapping[str, Any], way: str) -> list[Any]:
    kernels = [_gates(layer, tensors[f"weight_{which}_l0{way}"]).T for which in ("ih", "hh")]
    if f"bias_ih_l0{way}" not in tensors:
        return kernels
    ih, hh = (_gates(layer, tensors[f"bias_{which}_l0{way}"]) for which in ("ih", "hh"))
    if isinstance(layer, GRU):
        return [*kernels, np.stack([ih, hh])]
    return [*kernels, np.where(hh == 0, ih, ih + hh)]  # -0.0 + 0.0 would be another zero
