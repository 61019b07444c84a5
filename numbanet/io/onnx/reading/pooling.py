"""Pooling, of windows and of all places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .... import layers
from ....layers import ZeroPadding1D, ZeroPadding2D
from .convolution import after_window, as_padding, frames, images, several, spatial
from .node import Node, fail_unless, reads
from .pieces import Data, Piece
from .recurrent import with_merged_ways
from .views import NEEDS_TRANSPOSE, Refusal, size_of


@reads("MaxPool", "AveragePool")
def windows(n: Node) -> Data:
    n.expect_single_output()
    x = n.data()
    count = spatial(x)
    _, shape, channels = images(x)
    fail_unless(n.attribute("kernel_shape") is not None, "it has no kernel_shape")
    kernel, strides = several(n, "kernel_shape", count), several(n, "strides", count)
    fail_unless(set(several(n, "dilations", count)) == {1}, "its windows are dilated; ours, of pooling, are not")
    found = frames(n, shape[:-1], kernel, strides, [1] * count)
    counts = n.operator == "AveragePool" and bool(n.attribute("count_include_pad", 0))
    counts = counts and (found == "same" or any(map(any, found)))  # not what a last window is short of
    if n.attribute("ceil_mode", 0) and not isinstance(found, str):
        more = _rounded_up(shape[:-1], kernel, strides, found)
        fail_unless(not counts or more == found, "it counts some of the zeros beyond the edge; ours all or none")
        found = more
    if counts and found != "same" and any(map(any, found)):
        frame = Piece(ZeroPadding2D if count == 2 else ZeroPadding1D, {"padding": as_padding(found)})
        x = after_window(x, shape, frame, channels)
        _, shape, channels = images(x)
        found = [(0, 0)] * count
    zeros = found == "same" and not _fits(shape, kernel, strides)
    fail_unless(not (counts and zeros), "it counts the zeros of SAME_UPPER; ours do not")
    plain = {"pool_size": tuple(kernel), "strides": tuple(strides)}
    config = {k: v if count == 2 else v[0] for k, v in plain.items()} | {"padding": as_padding(found)}
    name = {"MaxPool": "MaxPooling", "AveragePool": "AveragePooling"}[n.operator]
    return after_window(x, shape, Piece(getattr(layers, f"{name}{count}D"), config), channels)


def _fits(shape: Sequence[int], kernel: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether "same" needs no zeros."""
    pairs = zip(shape, kernel, strides, strict=False)
    return all((-(-size // s) - 1) * s + k <= size for size, k, s in pairs)


def _rounded_up(sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], found: Any) -> Any:
    """Frames with which a last window that is not whole counts, if it begins before the zeros after."""
    more = []
    for size, k, s, (before, after) in zip(sizes, kernel, strides, found, strict=True):
        count = math.ceil((size + before + after - k) / s) + 1
        if (count - 1) * s >= size + before:
            count -= 1
        needed = (count - 1) * s + k - size - before
        as_it_was = count == (size + before + after - k) // s + 1
        more.append((before, max(needed, after if as_it_was else 0)))
    return more


@reads("GlobalAveragePool", "GlobalMaxPool")
def all_places(n: Node) -> Data:
    x = n.data()
    fail_unless(x.view.rank >= 3, "its input must have places besides samples and channels")
    x.view.channels_last()
    return reduced(x, range(2, x.view.rank), True, n.operator == "GlobalMaxPool")


@reads("ReduceMean", "ReduceMax", "ReduceSum", "ReduceProd")
def reduce(n: Node) -> Data:
    x = n.data()
    since = 13 if n.operator == "ReduceSum" else 18
    axes = n.attribute("axes") if n.version < since else n.optional(1, "axes")
    fail_unless(axes is not None and len(axes) > 0, "it reduces all axes, also that of the samples")
    places = sorted({x.view.position(int(k)) for k in axes})
    keepdims = bool(n.attribute("keepdims", 1))
    merged = with_merged_ways(x, places, n.operator, keepdims) if n.alone else None
    if merged is not None:
        return merged
    fail_unless(n.operator in ("ReduceMean", "ReduceMax"), "no layer of ours adds up or multiplies over an axis")
    return reduced(x, places, keepdims, n.operator == "ReduceMax")


def reduced(x: Data, places: Sequence[int], keepdims: bool, largest: bool) -> Data:
    """The mean or the largest over axes: pooling of whole sequences, or of rows."""
    view = x.view
    view.expect_no_batch(places, "takes one value of all")
    axes = view.axes
    gone = [part for k in places for part in axes[k]]
    kept = [part for k, axis in enumerate(axes) if k not in places for part in axis if part is not view.batch]
    if view.memory.is_free and list(places) == list(range(2, view.rank)):
        view.ends_with(kept)
    view.settle()
    order = [part for part in view.memory.order if part.size > 1]
    at = [k for k, part in enumerate(order) if part in gone]
    first = at[0] if at else 0
    if at != list(range(first, first + len(at))):
        raise Refusal(NEEDS_TRANSPOSE)
    before, after = order[:first], order[first + len(at) :]
    rest = [[] if k in places else axis for k, axis in enumerate(axes) if keepdims or k not in places]
    kind = "Max" if largest else "Average"
    shape: tuple[int, ...] = (size_of(gone), size_of(after))
    if before:  # rows of images
        shape = (size_of(before), *shape)
        piece = Piece(getattr(layers, f"{kind}Pooling2D"), {"pool_size": (1, size_of(gone))})
    elif view.rank == 4 and list(places) == [2, 3]:
        shape = (view.sizes[2], view.sizes[3], size_of(after))
        piece = Piece(getattr(layers, f"Global{kind}Pooling2D"), {})
    else:
        piece = Piece(getattr(layers, f"Global{kind}Pooling1D"), {})
    return x.through(shape, piece, [*before, *after], rest)
