"""Operators that move, cut off or put on: most of them only say anew which parts of the memory make an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ....layers import Cropping1D, Cropping2D, RepeatVector, ZeroPadding1D, ZeroPadding2D
from .node import Node, fail_unless, reads
from .pieces import Data, Piece, path
from .views import Part, size_of


def taken(x: Data) -> list[Data]:
    """The values from the graph's input to x."""
    return path(x, None)


def _integers(n: Node, k: int, name: str, since: int) -> list[int] | None:
    """A list that is an attribute before version `since`, and then input k."""
    if n.version < since:
        found = n.attribute(name)
        return None if found is None else [int(v) for v in found]
    found = n.optional(k, name)
    return None if found is None else [int(v) for v in found.reshape(-1)]


@reads("Transpose")
def transpose(n: Node) -> Data:
    x = n.values()
    order = n.attribute("perm", list(range(x.view.rank))[::-1])
    fail_unless(sorted(order) == list(range(x.view.rank)), f"its perm {order} does not fit {x.view.rank} axes")
    return x.seen_as(x.view.with_axes([x.view.axes[k] for k in order]))


@reads("Flatten")
def flatten(n: Node) -> Data:
    x = n.values()
    axis = n.attribute("axis", 1)
    fail_unless(-x.view.rank <= axis <= x.view.rank, f"its input has no axis {axis}")
    axis = axis + x.view.rank if axis < 0 else axis
    x.view.expect_no_batch(range(axis, x.view.rank), "makes one vector of")
    axes = x.view.axes
    both = [[part for one in some for part in one] for some in (axes[:axis], axes[axis:])]
    return x.seen_as(x.view.with_axes(both))


@reads("Reshape")
def reshape(n: Node) -> Data:
    x = n.values()
    sizes = (
        [int(v) for v in n.attribute("shape", [])]
        if n.version < 5
        else [int(v) for v in n.constant(1, "shape").reshape(-1)]
    )
    before = x.view.sizes
    if not n.attribute("allowzero", 0):
        fail_unless(all(k < len(before) for k, v in enumerate(sizes) if v == 0), "it keeps an axis that is not there")
        sizes = [before[k] if v == 0 else v for k, v in enumerate(sizes)]
    fail_unless(all(v > 0 or v == -1 for v in sizes) and sizes.count(-1) <= 1, f"its shape is {sizes}")
    known = math.prod(v for v in sizes if v != -1)
    sizes = [math.prod(before) // known if v == -1 else v for v in sizes]
    return x.seen_as(x.view.reshaped(sizes))


@reads("Squeeze")
def squeeze(n: Node) -> Data:
    x = n.values()
    view, chosen = x.view, _integers(n, 1, "axes", 13)
    batch = view.batch
    if chosen is None:
        chosen = [k for k, size in enumerate(view.sizes) if size == 1]
    places = {view.position(k) for k in chosen}
    fail_unless(all(view.sizes[k] == 1 for k in places), f"it leaves out axes of {view.sizes} whose size is not 1")
    view.expect_no_batch(places, "leaves out the axis of")
    axes = view.axes
    fail_unless(any(batch in axis for axis in axes), "it leaves out the batch axis")
    return x.seen_as(view.with_axes([axis for k, axis in enumerate(axes) if k not in places]))


@reads("Unsqueeze")
def unsqueeze(n: Node) -> Data:
    x = n.values()
    chosen = _integers(n, 1, "axes", 13) or []
    rank = x.view.rank + len(chosen)
    fail_unless(
        all(-rank <= k < rank for k in chosen) and len({k % rank for k in chosen}) == len(chosen),
        f"its axes are {chosen}",
    )
    axes = list(x.view.axes)
    for k in sorted(k % rank for k in chosen):
        axes.insert(k, [])
    return x.seen_as(x.view.with_axes(axes))


@reads("Tile")
def tile(n: Node) -> Data:
    """A vector repeated along an axis of size 1: a RepeatVector."""
    x, times = n.data(), [int(v) for v in n.constant(1, "repeats").reshape(-1)]
    places = [k for k, v in enumerate(times) if v != 1]
    view = x.view
    fail_unless(
        len(times) == view.rank and len(places) <= 1, f"it repeats {view.sizes} {times} times, which ours cannot"
    )
    if not places:
        return x.seen_as(view)
    view.settle()
    fail_unless(view.sizes[places[0]] == 1 and times[places[0]] > 1, "it repeats more than a vector, which ours cannot")
    view.expect_no_batch(places, "repeats")
    part, axes, order = Part(times[places[0]]), view.axes, view.memory.order
    axes[places[0]] = [part]
    return x.through((size_of(order),), Piece(RepeatVector, {"n": part.size}), [part, *order], axes)


@reads("Expand")
def expand(n: Node) -> Data:
    """Where it changes nothing."""
    x, sizes = n.values(), [int(v) for v in n.constant(1, "shape").reshape(-1)]
    before = x.view.sizes
    same = len(sizes) <= len(before) and all(a in (1, b) for a, b in zip(sizes[::-1], before[::-1], strict=False))
    fail_unless(same, f"it repeats {before} to {sizes}, which no layer of ours does")
    return x.seen_as(x.view)


def _along(x: Data, axis: int, size: int, frame: tuple[int, int], layers: Sequence[Any]) -> Data:
    """The layer for sequences or for images with `frame` at the ends of one axis, which is then of `size`."""
    x.view.expect_no_batch([axis], "cuts or pads")
    axes = x.view.axes
    before, after = x.view.around(axes[axis])
    rows, channels = size_of(before), size_of(after)
    part = Part(size)
    of_one, of_two = layers
    shape: tuple[int, ...] = (size_of(axes[axis]), channels)
    piece = Piece(of_one, {next(iter(of_one().get_config().keys() - {"name", "trainable"})): frame})
    if rows > 1:
        shape = (rows, *shape)
        piece = Piece(of_two, {next(iter(piece.config)): ((0, 0), frame)})
    return x.through(shape, piece, [*before, part, *after], [*axes[:axis], [part], *axes[axis + 1 :]])


def cropped(x: Data, axis: int, start: int, stop: int) -> Data:
    """The places from start to stop of an axis."""
    size = x.view.sizes[axis]
    if (start, stop) == (0, size):
        return x.seen_as(x.view)
    return _along(x, axis, stop - start, (start, size - stop), (Cropping1D, Cropping2D))


def padded(x: Data, axis: int, frame: tuple[int, int]) -> Data:
    """With zeros before and after along an axis."""
    return _along(x, axis, sum(frame) + x.view.sizes[axis], frame, (ZeroPadding1D, ZeroPadding2D))


@reads("Slice")
def slices(n: Node) -> Data:
    x = n.values()
    starts, ends = (_integers(n, k, name, 10) or [] for k, name in ((1, "starts"), (2, "ends")))
    axes = _integers(n, 3, "axes", 10) or list(range(len(starts)))
    steps = (_integers(n, 4, "steps", 10) if n.version >= 10 else None) or [1] * len(starts)
    fail_unless(
        len(starts) == len(ends) == len(axes) == len(steps), "its starts, ends, axes and steps differ in number"
    )
    if x.backwards is not None and list(steps) == [-1] and x.view.axes[x.view.position(axes[0])] == [x.backwards]:
        size = x.view.sizes[x.view.position(axes[0])]
        if len(range(*slice(starts[0], ends[0], -1).indices(size))) == size:
            return Data(x.view, x)
    x = n.data()
    _choose_channels_last(x, axes)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        k = x.view.position(axis)
        places = range(*slice(start, end, step).indices(x.view.sizes[k]))
        whole = len(places) == x.view.sizes[k] == 1
        fail_unless(
            whole or (step == 1 and len(places) > 0), f"it takes steps of {step}, or nothing; ours cut off ends"
        )
        if len(places) < x.view.sizes[k]:
            x = cropped(x, k, places[0], places[-1] + 1)
    return x.seen_as(x.view)


def _choose_channels_last(x: Data, axes: Sequence[int]) -> None:
    """Where the order is free: images with the channels last."""
    if x.view.memory.is_free and x.view.rank == 4 and x.view.position(max(axes, default=0)) >= 2:
        x.view.channels_last()


@reads("Pad")
def pad(n: Node) -> Data:
    x = n.data()
    mode = n.attribute("mode", "constant")
    pads = _integers(n, 1, "pads", 11) or []
    if n.version < 11:
        number = float(n.attribute("value", 0.0))
    else:
        given = n.optional(2, "constant_value")
        number = 0.0 if given is None or given.size == 0 else float(given.reshape(-1)[0])
    axes = _integers(n, 3, "axes", 18) if n.version >= 18 else None
    places = [x.view.position(k) for k in (axes or range(x.view.rank))]
    fail_unless(len(pads) == 2 * len(places), f"its pads {pads} do not fit {len(places)} axes")
    frames = {k: (pads[i], pads[i + len(places)]) for i, k in enumerate(places)}
    frames = {k: frame for k, frame in frames.items() if any(frame)}
    on = any(v > 0 for frame in frames.values() for v in frame)
    fail_unless(not on or mode == "constant", f"it pads by mode {mode!r}; ours pads with zeros")
    fail_unless(not on or number == 0, f"it pads with {number}; ours pads with zeros")
    if frames:
        _choose_channels_last(x, [max(frames)])
    if set(frames) == {2, 3} and x.view.rank == 4 and all(v >= 0 for frame in frames.values() for v in frame):
        return _framed(x, (frames[2], frames[3]))
    for k, (before, after) in frames.items():
        size = x.view.sizes[k]
        if before < 0 or after < 0:
            x = cropped(x, k, max(-before, 0), size - max(-after, 0))
        if before > 0 or after > 0:
            x = padded(x, k, (max(before, 0), max(after, 0)))
    return x.seen_as(x.view)


def _framed(x: Data, frame: tuple[tuple[int, int], tuple[int, int]]) -> Data:
    """Zeros round images."""
    x.view.channels_last()
    axes, sizes = x.view.axes, x.view.sizes
    new = [Part(sizes[2 + k] + sum(frame[k])) for k in range(2)]
    channels = [p for p in x.view.memory.order if p in axes[1]]
    shape = (sizes[2], sizes[3], sizes[1])
    return x.through(
        shape, Piece(ZeroPadding2D, {"padding": frame}), [*new, *channels], [*axes[:2], [new[0]], [new[1]]]
    )
