"""Conv and ConvTranspose -> Conv1D, Conv2D, DepthwiseConv2D and Conv2DTranspose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....layers import Conv1D, Conv2D, Conv2DTranspose, DepthwiseConv2D
from .node import Node, fail_unless, reads
from .pieces import Data, Piece
from .views import NEEDS_TRANSPOSE, Part, Refusal

Frames = list[tuple[int, int]]


def spatial(x: Data) -> int:
    """How many axes there are besides samples and channels: 1 for sequences, 2 for images."""
    found = x.view.rank - 2
    fail_unless(found in (1, 2), f"its input has {x.view.rank} axes; ours are for sequences (3) and images (4)")
    return found


def several(n: Node, name: str, count: int, default: int = 1) -> list[int]:
    """An attribute of a number for each axis."""
    found = [int(v) for v in n.attribute(name, [default] * count)]
    fail_unless(len(found) == count and all(v >= 0 for v in found), f"its {name} {found} do not fit {count} axes")
    return found


def frames(
    n: Node, sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Any:
    """Zeros before and after along each axis; "same" where ours has the same rule."""
    count, way = len(kernel), n.attribute("auto_pad", "NOTSET")
    if way == "SAME_UPPER":
        return "same"
    if way == "SAME_LOWER":
        found = []
        for size, k, s, d in zip(sizes, kernel, strides, dilations, strict=True):
            total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
            found.append((total - total // 2, total // 2))
        return found
    pads = [0] * 2 * count if way == "VALID" else n.attribute("pads", [0] * 2 * count)
    fail_unless(len(pads) == 2 * count and min(pads) >= 0, f"its pads are {pads}; ours are numbers of 0 or more")
    return list(zip(pads[:count], pads[count:], strict=True))


def as_padding(found: Any) -> Any:
    """Frames as the argument of our layers."""
    if isinstance(found, str):
        return found
    if not any(map(any, found)):
        return "valid"
    return found[0] if len(found) == 1 else tuple(found)


def images(x: Data) -> tuple[Any, tuple[int, ...], list[Part]]:
    """(N, C, ...) of the file with its channels last: their order, the shape, and the channels as they lie."""
    order = x.view.channels_last()
    sizes = x.view.sizes
    return order, (*sizes[2:], sizes[1]), [part for part in x.view.memory.order if part in x.view.axes[1]]


@reads("Conv")
def convolution(n: Node) -> Data:
    x, w, bias = n.data(), n.constant(1, "W"), n.optional(2, "B")
    count = spatial(x)
    fail_unless(w.ndim == count + 2, f"its W of {w.shape} does not fit an input of {x.view.rank} axes")
    order, shape, channels = images(x)
    groups, kernel = int(n.attribute("group", 1)), w.shape[2:]
    fail_unless(
        tuple(several(n, "kernel_shape", count, 0) if n.attribute("kernel_shape") else kernel) == kernel,
        "its kernel_shape and W differ",
    )
    strides, dilations = several(n, "strides", count), several(n, "dilations", count)
    fail_unless(
        groups >= 1 and w.shape[1] * groups == shape[-1], f"its W of {w.shape} does not fit {shape[-1]} channels"
    )
    padding = as_padding(frames(n, shape[:-1], kernel, strides, dilations))
    config: dict[str, Any] = {"padding": padding, "use_bias": bias is not None}
    numbers = {"kernel_size": kernel, "strides": tuple(strides), "dilation_rate": tuple(dilations)}
    config |= numbers if count == 2 else {name: v[0] for name, v in numbers.items()}
    parts = [Part(size) for size in w.shape[:1]]
    moved = bool(np.any(order != np.arange(len(order))))
    if groups == shape[-1] > 1 and count == 2 and groups == len(w):  # a window for each channel, in any order
        values, parts = [w[order].transpose(2, 3, 0, 1)], channels
        bias, piece = None if bias is None else bias[order], Piece(DepthwiseConv2D, config, channels=len(w))
    elif groups == shape[-1] > 1 and count == 2 and not moved:
        config["depth_multiplier"] = len(w) // groups
        values = [w[:, 0].reshape(groups, -1, *kernel).transpose(2, 3, 0, 1)]
        piece = Piece(DepthwiseConv2D, config, channels=len(w))
    else:
        fail_unless(groups == 1 or not moved, NEEDS_TRANSPOSE)
        inside = w[:, order] if groups == 1 else w
        values = [np.moveaxis(inside, (0, 1), (-1, -2))]
        piece = Piece(Conv2D if count == 2 else Conv1D, config | {"filters": len(w), "groups": groups}, channels=len(w))
    piece.values = values + ([] if bias is None else [bias])
    return after_window(x, shape, piece, parts)


def after_window(x: Data, shape: tuple[int, ...], piece: Piece, channels: list[Part]) -> Data:
    """The output of a layer for images or sequences with these channels."""
    try:
        size = piece.built(shape)[0].describe(shape).output_shape
    except ValueError as error:
        raise Refusal(str(error)) from None
    places = [Part(v) for v in size[:-1]]
    channel_axis = x.view.axes[1] if set(channels) <= set(x.view.axes[1]) else channels
    return x.through(shape, piece, [*places, *channels], [x.view.axes[0], channel_axis, *[[p] for p in places]])


@reads("ConvTranspose")
def transposed(n: Node) -> Data:
    x, w, bias = n.data(), n.constant(1, "W"), n.optional(2, "B")
    count = spatial(x)
    fail_unless(w.ndim == count + 2, f"its W of {w.shape} does not fit an input of {x.view.rank} axes")
    order, shape, _ = images(x)
    groups, kernel = int(n.attribute("group", 1)), w.shape[2:]
    strides, dilations = several(n, "strides", count), several(n, "dilations", count)
    moved = bool(np.any(order != np.arange(len(order))))
    fail_unless(groups == 1 or not moved, NEEDS_TRANSPOSE)
    fail_unless(len(w) == shape[-1], f"its W of {w.shape} does not fit {shape[-1]} channels")
    sides, more = _cut_off(n, shape[:-1], kernel, strides, dilations)
    values = [np.moveaxis(w[order] if groups == 1 else w, (0, 1), (-1, -2))]
    config: dict[str, Any] = {"filters": w.shape[1] * groups, "groups": groups, "use_bias": bias is not None}
    one = [] if count == 2 else [1]
    if count == 1:  # a sequence is an image of one row
        values[0] = values[0][None]
        sides, more, shape = [(0, 0), *sides], [0, *more], (1, *shape)
    config |= {"kernel_size": (*one, *kernel), "strides": (*one, *strides), "dilation_rate": (*one, *dilations)}
    config |= {"padding": tuple(sides), "output_padding": tuple(more)}
    piece = Piece(Conv2DTranspose, config, *values, *([] if bias is None else [bias]), channels=config["filters"])
    found = after_window(x, shape, piece, [Part(config["filters"])])
    axes = found.view.axes
    return found if count == 2 else found.seen_as(found.view.with_axes([*axes[:2], axes[3]]))


def _cut_off(
    n: Node, sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> tuple[Frames, list[int]]:
    """What is cut off both ends of each axis, and how many cells more there are at its end."""
    count, way = len(kernel), n.attribute("auto_pad", "NOTSET")
    more, wanted = several(n, "output_padding", count, 0), n.attribute("output_shape")
    if wanted is not None:
        fail_unless(len(wanted) >= count, f"its output_shape is {wanted}")
        wanted = list(wanted[-count:])
    elif way.startswith("SAME"):
        wanted = [size * s for size, s in zip(sizes, strides, strict=True)]
    if wanted is None:
        found = frames(n, sizes, kernel, strides, dilations)
        return found, more
    sides = []
    for k, (size, span) in enumerate(zip(sizes, kernel, strict=True)):
        total = strides[k] * (size - 1) + more[k] + (span - 1) * dilations[k] + 1 - wanted[k]
        if total < 0:
            more[k], total = more[k] - total, 0
        half = total // 2
        sides.append((half, total - half) if way == "SAME_UPPER" else (total - half, half))
    return sides, more
