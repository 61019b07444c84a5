"""Gemm, MatMul -> Dense, and for tensors of more axes TimeDistributed(Dense); Gather of a table -> Embedding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....layers import Dense, Embedding, TimeDistributed
from ....layers.base import Layer, Shape
from .node import Node, fail_unless, reads
from .pieces import Data, Piece
from .shapes import cropped, taken
from .views import Memory, Part, View, order_of, size_of, smallest


def _distributed(**config: Any) -> Layer:
    return TimeDistributed(Dense(**config))


def product(x: Data, axis: int, w: Any, bias: Any = None) -> Data:
    """The sums over one axis with the columns of w (I, O), which make that axis anew."""
    view = x.view
    view.expect_no_batch([axis], "adds up")
    axes, features = view.axes, Part(w.shape[1])
    fail_unless(size_of(axes[axis]) == len(w), f"its matrix of {w.shape} does not fit {view.sizes}")
    order = view.ends_with(axes[axis])
    rest = [part for part in view.memory.order if part not in axes[axis]]
    rows = size_of(rest)
    config = {"units": w.shape[1], "use_bias": bias is not None}
    values = [w[order]] + ([] if bias is None else [bias])
    piece = Piece(_distributed if rows > 1 else Dense, config, *values, channels=w.shape[1])
    shape: Shape = (rows, len(w)) if rows > 1 else (len(w),)
    found = x.through(shape, piece, [*rest, features], [*axes[:axis], [features], *axes[axis + 1 :]])
    if rows == 1:
        _set_free(found, piece, features)
    return found


def _set_free(x: Data, piece: Piece, features: Part) -> None:
    """Let those who come after choose the order of the features: images are read from a Dense so."""
    memory = Memory(x.view.batch, None, (features.size,))
    memory.free = ((x.view.batch,), (features,))

    def reorder(order: Any) -> None:
        places = order_of(smallest([features]), [part for part in order[1:] if part.size > 1 or features.size == 1])
        piece.values = [v[..., places] for v in piece.values]

    if features.size > 1:
        memory.told.append(reorder)
        x.view = View(memory, x.view.axes)


@reads("Gemm")
def gemm(n: Node) -> Data:
    """alpha A' B' + beta C, where A is x and A' may be its transpose."""
    x, w = n.data(), np.asarray(n.constant(1, "B"))
    fail_unless(x.view.rank == 2 and w.ndim == 2, "its inputs must be matrices")
    along = 0 if n.attribute("transA", 0) else 1
    x.view.expect_batch(1 - along)
    w = (w.T if n.attribute("transB", 0) else w) * w.dtype.type(n.attribute("alpha", 1.0))
    bias = n.optional(2, "C")
    if bias is not None:
        rows = math.prod(bias.shape[:-1])
        fail_unless(rows == 1, f"its C of {bias.shape} has a row for each sample; ours has one for all")
        fail_unless(bias.size in (1, w.shape[1]), f"its C of {bias.shape} does not fit {w.shape[1]} outputs")
        bias = np.broadcast_to(bias.reshape(-1) * bias.dtype.type(n.attribute("beta", 1.0)), (w.shape[1],))
    found = product(x, along, w, bias)
    axes = found.view.axes
    return found if along else found.seen_as(found.view.with_axes(axes[::-1]))


@reads("MatMul")
def mat_mul(n: Node) -> Data:
    first = isinstance(n.inputs[0], np.ndarray)
    x, w = n.data(1 if first else 0), n.constant(0 if first else 1, "matrix")
    fail_unless(x.view.rank >= 2, "its input must be a matrix or more")
    while w.ndim > 2 and w.shape[0] == 1:
        w = w[0]
    if w.ndim == 1 and not first:
        found = product(x, x.view.rank - 1, w[:, None])
        return found.seen_as(found.view.with_axes(found.view.axes[:-1]))
    fail_unless(w.ndim == 2, f"it multiplies by {w.shape}, a matrix for each of several; ours has one")
    return product(x, x.view.rank - 2, w.T) if first else product(x, x.view.rank - 1, w)


@reads("Gather")
def gather(n: Node) -> Data:
    """A table's rows by x, or one place along an axis of x."""
    if not isinstance(n.inputs[0], np.ndarray):
        where = n.constant(1, "indices")
        x = n.data()
        axis = x.view.position(n.attribute("axis", 0))
        fail_unless(where.size == 1, "it takes several places of an axis, which ours can as a Slice only")
        place, size = int(where.reshape(-1)[0]), x.view.sizes[axis]
        fail_unless(-size <= place < size, f"it takes place {place} of {size}")
        place %= size
        found = cropped(x, axis, place, place + 1)
        axes = found.view.axes
        return found.seen_as(found.view.with_axes([*axes[:axis], *[[]] * where.ndim, *axes[axis + 1 :]]))
    table, x = n.inputs[0], n.values(1)
    fail_unless(x.indices, "its indices must be whole numbers")
    fail_unless(not any(value.pieces for value in taken(x)), "its indices are computed; our Embedding comes first")
    axis = n.attribute("axis", 0)
    fail_unless(-table.ndim <= axis < table.ndim, f"its table of {table.shape} has no axis {axis}")
    axis %= table.ndim
    table = np.moveaxis(table, axis, 0)
    x.view.settle()
    parts = [Part(size) for size in table.shape[1:]]
    rows, columns = len(table), math.prod(table.shape[1:])
    piece = Piece(Embedding, {"input_dim": rows, "output_dim": columns}, table.reshape(rows, columns))
    mine = [[part] for part in parts]
    shape = x.view.memory.sizes
    return x.through(shape, piece, [*x.view.memory.order, *parts], [*mine[:axis], *x.view.axes, *mine[axis:]])
