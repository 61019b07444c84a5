"""BatchNormalization, LayerNormalization, GroupNormalization and InstanceNormalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....layers import BatchNormalization, GroupNormalization, LayerNormalization
from .node import Node, fail_unless, reads
from .pieces import Data, Piece
from .views import NEEDS_TRANSPOSE, Refusal, order_of, size_of, smallest


def _channels(n: Node, k: int, what: str, size: int) -> Any:
    """A vector of a number for each channel."""
    found = n.constant(k, what)
    fail_unless(found.size == size, f"its {what} of {found.shape} does not fit {size} channels")
    return found.reshape(-1)


@reads("BatchNormalization")
def batch_normalization(n: Node) -> Data:
    x = n.data()
    fail_unless(not n.attribute("training_mode", 0), "it is in training mode; export the model in inference mode")
    fail_unless(bool(n.attribute("spatial", 1)), "it has statistics for each place (spatial=0); ours for each channel")
    n.expect_single_output()
    x.view.expect_no_batch([min(1, x.view.rank - 1)], "normalises")
    channel = x.view.axes[min(1, x.view.rank - 1)]
    size = size_of(channel)
    names = ("scale", "B", "mean", "var")
    values = [_channels(n, k + 1, name, size) for k, name in enumerate(names)]
    config = {
        "epsilon": float(n.attribute("epsilon", 1e-5)),
        "momentum": float(n.attribute("momentum", 0.9)),
        "center": True,
    }
    piece = Piece(BatchNormalization, config, *values, channels=size)
    memory = x.view.memory
    if memory.is_features(channel):  # in whatever order the features will come

        def reorder(order: Any) -> None:
            places = order_of(smallest(channel), [part for part in order[1:] if part.size > 1])
            piece.values = [v[places] for v in piece.values]

        memory.told.append(reorder)
        return x.then(piece)
    if memory.is_free and x.view.rank > 2:
        x.view.channels_last()
    order = x.view.ends_with(channel)
    piece.values = [v[order] for v in values]
    memory = x.view.memory
    shape = memory.sizes
    if shape[-1] != size:
        rest = size_of(memory.order) // size
        shape = (rest, size) if rest > 1 else (size,)
    return x.through(shape, piece, memory.order, x.view.axes)


@reads("LayerNormalization")
def layer_normalization(n: Node) -> Data:
    x = n.data()
    n.expect_single_output()
    view = x.view
    axis = view.position(n.attribute("axis", -1))
    view.expect_no_batch(range(axis, view.rank), "normalises")
    parts = [part for one in view.axes[axis:] for part in one]
    order, size = view.ends_with(parts), size_of(parts)
    values = []
    for k, name in ((1, "Scale"), (2, "B")):
        found = n.optional(k, name)
        if found is None:
            values.append(np.ones(size) if k == 1 else np.zeros(size))
            continue
        try:
            spread = np.broadcast_to(found, view.sizes[axis:])
        except ValueError:
            raise Refusal(f"its {name} of {found.shape} does not fit {view.sizes[axis:]}") from None
        values.append(spread.reshape(-1)[order])
    config = {"epsilon": float(n.attribute("epsilon", 1e-5)), "center": True}
    rest = size_of(view.memory.order) // size
    shape = view.memory.sizes
    if shape[-1] != size:
        shape = (rest, size) if rest > 1 else (size,)
    return x.through(shape, Piece(LayerNormalization, config, *values, channels=size), view.memory.order, view.axes)


@reads("GroupNormalization", "InstanceNormalization")
def group_normalization(n: Node) -> Data:
    """Groups of channels; an instance normalisation has one for each channel, which may be several of the layer's."""
    x = n.data()
    view = x.view
    view.expect_batch(0)
    fail_unless(view.rank >= 2, "its input must have channels")
    channels = size_of(view.axes[1])
    if view.memory.is_free:
        view.channels_last()
    before, after = view.around(view.axes[1])
    others = [part for k, axis in enumerate(view.axes) if k > 1 for part in axis if part.size > 1]
    fail_unless(set(before + after) == set(others), NEEDS_TRANSPOSE)
    if n.operator == "GroupNormalization":
        groups = int(n.attribute("num_groups", 0))
        fail_unless(groups > 0 and not after, NEEDS_TRANSPOSE if after else f"its num_groups is {groups}")
        fail_unless(channels % groups == 0, f"its {groups} groups do not divide {channels} channels")
        width = groups if n.version < 21 else channels
        values = [np.repeat(_channels(n, k, name, width), channels // width) for k, name in ((1, "scale"), (2, "bias"))]
    else:
        groups, each = channels, size_of(after)
        values = [np.repeat(_channels(n, k, name, channels), each) for k, name in ((1, "scale"), (2, "B"))]
        channels *= each
    config = {"groups": groups, "epsilon": float(n.attribute("epsilon", 1e-5)), "center": True}
    shape = view.memory.sizes
    if shape[-1] != channels:
        shape = (size_of(view.memory.order) // channels, channels)
    piece = Piece(GroupNormalization, config, *values, channels=channels)
    return x.through(shape, piece, view.memory.order, view.axes)
