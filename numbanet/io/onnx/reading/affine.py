"""A constant that is added or multiplied along axes: a bias of the layer before it, or else a frozen affine layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .node import Node, fail_unless
from .pieces import MOST_ELEMENTS, Affine, Data
from .views import size_of


def affine(n: Node) -> Data:
    """x + c, x - c, c - x, c x or x / c, where c is a constant tensor that is equal for all samples."""
    x, y = n.inputs[:2]
    fail_unless(len(n.inputs) == 2 and n.operator in ("Add", "Sub", "Mul", "Div"), "ours does this with numbers only")
    first = isinstance(x, np.ndarray)
    fail_unless(not (first and n.operator == "Div"), "ours cannot divide a tensor by what depends on x")
    data = n.data(1 if first else 0)
    c = np.asarray(x if first else y, np.float64)
    vector = _along(data, c)
    if n.operator in ("Mul", "Div"):
        with np.errstate(divide="ignore"):
            scale, shift = (1 / vector if n.operator == "Div" else vector), np.zeros_like(vector)
        fail_unless(bool(np.isfinite(scale).all()), "it divides by 0")
    else:
        scale = np.full_like(vector, -1 if first and n.operator == "Sub" else 1)
        shift = -vector if not first and n.operator == "Sub" else vector
    if n.alone and _folded(data, scale, shift):
        return data
    memory = data.view.memory
    data.view.settle()
    order = memory.order
    shape = memory.sizes
    if shape[-1:] != vector.shape:
        rest = size_of(order) // vector.size
        shape = (rest, vector.size) if rest > 1 else vector.shape
    return data.through(shape, Affine(scale, shift), order, data.view.axes)


def _along(x: Data, c: Any) -> Any:
    """The constant as a vector along the fastest parts of the memory, as few as it depends on."""
    view = x.view
    fail_unless(c.ndim <= view.rank, f"its constant of shape {c.shape} makes more axes of {view.sizes}")
    c = c.reshape((1,) * (view.rank - c.ndim) + c.shape)
    sizes = view.sizes
    fits = all(k in (1, size) for k, size in zip(c.shape, sizes, strict=True))
    fail_unless(fits, f"its constant of shape {c.shape} does not fit {sizes}")
    view.expect_no_batch([k for k, size in enumerate(c.shape) if size > 1], "has a constant of its own for each of")
    axes = view.axes
    varying = [part for k, size in enumerate(c.shape) if size > 1 for part in axes[k]]
    if view.memory.is_free and not view.memory.is_features(varying):
        channels = [k for k, size in enumerate(c.shape) if size > 1] == [1] and view.rank > 2
        view.channels_last() if channels else view.settle()
    order = varying if view.memory.is_free else view.memory.order
    start = min((order.index(part) for part in varying if part in order), default=len(order))
    last = order[start:]
    fail_unless(size_of(last) <= MOST_ELEMENTS, f"its constant would be spread over {size_of(last)} elements")
    c = c.reshape([part.size for part in varying])
    kept = [part for part in last if part in varying]
    c = c.transpose([varying.index(part) for part in kept])
    spread = [part.size if part in varying else 1 for part in last]
    return np.broadcast_to(c.reshape(spread), [part.size for part in last]).reshape(-1)


def _folded(x: Data, scale: Any, shift: Any) -> bool:
    """Whether the last layer could take the constants into its own weights."""
    piece = x.pieces[-1] if x.pieces else None
    if piece is None or isinstance(piece, Affine):
        return False
    if piece.channels != shift.size:
        return False
    if "use_bias" in piece.config and np.all(scale == 1):
        bias = piece.values[1] if piece.config["use_bias"] else 0
        piece.values[1:] = [bias + shift]
        piece.config["use_bias"] = True
        return True
    if "center" in piece.config:
        gamma, beta = piece.values[:2]
        piece.values[:2] = [gamma * scale, beta * scale + shift]
        return True
    return False
