"""Constants of a graph: its tensors as arrays, and nodes that depend on nothing but constants, computed here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..package import onnx_package
from .activations import BINARY
from .elementwise import FUNCTIONS
from .node import Node, fail_unless
from .pieces import MOST_ELEMENTS
from .views import Refusal

TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_, 11: np.float64}


def array_of(tensor: Any) -> Any:
    """A TensorProto as an array. Raises ValueError where it is not whole, Refusal where its type is not ours."""
    if tensor.data_location == 1 or tensor.external_data:
        raise ValueError(
            f"tensor {tensor.name!r:.100} lies in another file. Put all in one: "
            "onnx.save(onnx.load(path), path, save_as_external_data=False)"
        )
    if tensor.data_type not in TYPES:
        raise Refusal(
            f"tensor {tensor.name!r:.100} is of type {tensor.data_type}; ours are float32, float64 and integers"
        )
    if any(size < 0 for size in tensor.dims) or math.prod(tensor.dims) > 2**31:
        raise ValueError(f"tensor {tensor.name!r:.100} has the shape {list(tensor.dims)!r:.100}")
    found = onnx_package().numpy_helper.to_array(tensor)
    if found.shape != tuple(tensor.dims):
        raise ValueError(f"tensor {tensor.name!r:.100}: expected {list(tensor.dims)!r:.100}, found {found.shape}")
    return found


def shape_of(n: Node, sizes: Sequence[int]) -> Any:
    """Shape, of an array or of what depends on x."""
    start, end = n.attribute("start", 0), n.attribute("end")
    return np.asarray(sizes[start:end], np.int64)


def _expect_small(sizes: Sequence[int]) -> None:
    fail_unless(
        all(v >= 0 for v in sizes) and math.prod(sizes) <= MOST_ELEMENTS, f"it makes a constant of {list(sizes)}"
    )


def _constant(n: Node) -> Any:
    """The operator Constant, whose value stands in one of several attributes."""
    value = n.attribute("value")
    if value is not None:
        return array_of(value)
    for name, dtype in (
        ("value_float", np.float32),
        ("value_floats", np.float32),
        ("value_int", np.int64),
        ("value_ints", np.int64),
    ):
        if (found := n.attribute(name)) is not None:
            return np.asarray(found, dtype)
    raise Refusal("its value is of a type that is not ours")


def _axes(n: Node, since: int) -> tuple[int, ...] | None:
    found = n.attribute("axes") if n.version < since else n.optional(1, "axes")
    return None if found is None else tuple(int(v) for v in np.asarray(found).reshape(-1))


def _reshape(n: Node) -> Any:
    a, sizes = n.inputs[0], [int(v) for v in (n.attribute("shape") or n.constant(1, "shape").reshape(-1))]
    if not n.attribute("allowzero", 0):
        sizes = [a.shape[k] if v == 0 and k < a.ndim else v for k, v in enumerate(sizes)]
    return a.reshape(sizes)


def _slice(n: Node) -> Any:
    a = n.inputs[0]
    if n.version < 10:
        starts, ends, axes, steps = n.attribute("starts"), n.attribute("ends"), n.attribute("axes"), None
    else:
        starts, ends, axes, steps = n.inputs[1], n.inputs[2], n.optional(3, "axes"), n.optional(4, "steps")
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    index = [slice(None)] * a.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        index[int(axis)] = slice(*slice(int(start), int(end), int(step)).indices(a.shape[int(axis)]))
        if index[int(axis)].stop == -1:
            index[int(axis)] = slice(int(start), None, int(step))
    return a[tuple(index)]


def _filled(n: Node) -> Any:
    sizes = [int(v) for v in n.inputs[0].reshape(-1)]
    _expect_small(sizes)
    value = n.attribute("value")
    found = np.zeros(1, np.float32) if value is None else array_of(value)
    return np.full(sizes, found.reshape(-1)[0], found.dtype)


def _expand(n: Node) -> Any:
    sizes = np.broadcast_shapes(n.inputs[0].shape, tuple(int(v) for v in n.inputs[1].reshape(-1)))
    _expect_small(sizes)
    return np.broadcast_to(n.inputs[0], sizes)


def _range(n: Node) -> Any:
    start, limit, step = (v.reshape(-1)[0] for v in n.inputs)
    _expect_small([max(math.ceil((limit - start) / step), 0)])
    return np.arange(start, limit, step, dtype=n.inputs[0].dtype)


def _cast(n: Node) -> Any:
    to = n.attribute("to")
    fail_unless(to in TYPES, f"it casts to type {to}")
    return n.inputs[0].astype(TYPES[to])


def _binary(n: Node) -> Any:
    _expect_small(np.broadcast_shapes(*(a.shape for a in n.inputs)))
    a, b = n.inputs[:2]
    if n.operator == "Div" and a.dtype.kind in "iu":
        return (np.abs(a) // np.abs(b) * np.sign(a) * np.sign(b)).astype(a.dtype)  # towards 0
    found = BINARY[n.operator](*n.inputs)
    return found.astype(a.dtype) if n.operator in ("Add", "Sub", "Mul", "Div", "Pow") else found


def _gather(n: Node) -> Any:
    axis = n.attribute("axis", 0)
    _expect_small([*n.inputs[1].shape, *n.inputs[0].shape])
    return np.take(n.inputs[0], n.inputs[1].astype(np.int64), axis=axis)


def _unary(n: Node) -> Any:
    return np.asarray(FUNCTIONS[n.operator](n.inputs[0])).astype(n.inputs[0].dtype)


FOLDED: dict[str, Callable[[Node], Any]] = {
    **dict.fromkeys(FUNCTIONS, _unary),
    **dict.fromkeys(BINARY, _binary),
    "CastLike": lambda n: n.inputs[0].astype(n.inputs[1].dtype),
    "Cast": _cast,
    "Concat": lambda n: np.concatenate(n.inputs, n.attribute("axis", 1)),
    "Constant": _constant,
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Flatten": lambda n: n.inputs[0].reshape(math.prod(n.inputs[0].shape[: n.attribute("axis", 1)]), -1),
    "Floor": lambda n: np.floor(n.inputs[0]),
    "Gather": _gather,
    "Identity": lambda n: n.inputs[0],
    "Range": _range,
    "Reshape": _reshape,
    "Shape": lambda n: shape_of(n, n.inputs[0].shape),
    "Slice": _slice,
    "Squeeze": lambda n: np.squeeze(n.inputs[0], _axes(n, 13)),
    "Transpose": lambda n: np.transpose(n.inputs[0], n.attribute("perm")),
    "Unsqueeze": lambda n: np.expand_dims(n.inputs[0], _axes(n, 13) or ()),
}


def folded(n: Node) -> Any:
    """The node's output, where all inputs are arrays. Raises Refusal."""
    if n.operator not in FOLDED:
        raise Refusal("it computes a constant by an operator that is not supported here")
    try:
        with np.errstate(all="ignore"):
            return np.asarray(FOLDED[n.operator](n))
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise Refusal(f"its constants do not fit: {error!s:.200}") from None
