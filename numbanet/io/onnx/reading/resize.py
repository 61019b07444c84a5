"""Resize and Upsample -> UpSampling1D and UpSampling2D, where the file's rule comes to ours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....layers import UpSampling1D, UpSampling2D
from .node import Node, fail_unless, reads
from .pieces import Data, Piece
from .views import Part

MODES = {"nearest": "nearest", "linear": "bilinear"}  # the file's: ours


@reads("Upsample", "Resize")
def resize(n: Node) -> Data:
    x = n.data()
    sizes, mode = x.view.sizes, n.attribute("mode", "nearest")
    fail_unless(len(sizes) in (3, 4), f"it resizes tensors of {len(sizes)} axes; ours images and sequences")
    fail_unless(mode in MODES, f"its mode is {mode!r}; ours are nearest and linear")
    fail_unless(mode == "nearest" or len(sizes) == 4, "it resizes sequences by mode linear; ours by nearest")
    named = n.attribute("axes") if n.operator == "Resize" else None
    axes = [x.view.position(k) for k in (range(len(sizes)) if named is None else named)]
    factors = dict(zip(axes, _factors(n, [sizes[k] for k in axes]), strict=True))
    fail_unless(all(factors.get(k, (1, 1)) == (1, 1) for k in (0, 1)), "it resizes the batch or the channels")
    whole = [_whole(n, mode, sizes[k], *factors.get(k, (1.0, 1.0))) for k in range(2, len(sizes))]
    x.view.channels_last()
    parts = [Part(sizes[2 + k] * factor) for k, factor in enumerate(whole)]
    channels = [part for part in x.view.memory.order if part in x.view.axes[1]]
    if len(whole) == 1:
        piece = Piece(UpSampling1D, {"size": whole[0]})
    else:
        piece = Piece(UpSampling2D, {"size": tuple(whole), "interpolation": MODES[mode]})
    shape = (*sizes[2:], sizes[1])
    return x.through(shape, piece, [*parts, *channels], [*x.view.axes[:2], *[[part] for part in parts]])


def _factors(n: Node, sizes: list[int]) -> list[tuple[float, float]]:
    """(output size / input size, scale) along each of the axes."""
    if n.operator == "Upsample" and n.version < 9:
        scales: Any = n.attribute("scales")
    elif n.operator == "Upsample" or n.version < 11:
        scales = n.constant(1, "scales")
    else:
        given = n.optional(2, "scales")
        scales = None if given is None or given.size == 0 else given
        if scales is None:
            chosen = [int(v) for v in n.constant(3, "sizes").reshape(-1)]
            fail_unless(
                n.attribute("keep_aspect_ratio_policy", "stretch") == "stretch" and len(chosen) == len(sizes),
                "it keeps the aspect ratio",
            )
            return [(out / size, out / size) for out, size in zip(chosen, sizes, strict=True)]
    scales = [float(v) for v in np.asarray(scales).reshape(-1)]
    fail_unless(len(scales) == len(sizes), f"its scales {scales} do not fit {len(sizes)} axes")
    return [(math.floor(size * s) / size, s) for size, s in zip(sizes, scales, strict=True)]


def _whole(n: Node, mode: str, size: int, count: float, scale: float) -> int:
    """The factor as an integer, if the file's rule of which places an output is made of comes to ours."""
    fail_unless(count % 1 == 0 and count >= 1, f"it enlarges {size} places by {count:.4g}; ours by whole factors")
    factor = int(count)
    out = np.arange(size * factor)
    x: Any
    if n.operator == "Upsample" or n.version < 11:
        rule, rounding = "asymmetric", "floor"
    else:
        rule = n.attribute("coordinate_transformation_mode", "half_pixel")
        rounding = n.attribute("nearest_mode", "round_prefer_floor")
    if rule == "pytorch_half_pixel" and len(out) == 1:
        x = np.zeros(1)
    elif rule in ("half_pixel", "pytorch_half_pixel") or (rule == "half_pixel_symmetric" and scale == factor):
        x = (out + 0.5) / scale - 0.5
    elif rule == "asymmetric":
        x = out / scale
    elif rule == "align_corners" and len(out) > 1:
        x = out * (size - 1) / (len(out) - 1)
    else:
        x = np.full(len(out), np.nan)
    ours = (out + 0.5) / factor - 0.5
    if mode == "linear":
        same = np.allclose(np.clip(x, 0, size - 1), np.clip(ours, 0, size - 1), atol=1e-6)
    else:
        rounded = {
            "round_prefer_floor": np.ceil(x - 0.5),
            "round_prefer_ceil": np.floor(x + 0.5),
            "floor": np.floor(x),
            "ceil": np.ceil(x),
        }.get(rounding, x)
        same = np.array_equal(np.clip(rounded, 0, size - 1), out // factor)
    fail_unless(bool(same), f"it resizes by {rule}, {rounding}, which takes other places than ours")
    return factor
