from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Call, array, call, exact, out

SIZES = ({"N": 64, "H": 32, "W": 32, "C": 32},)


def cases(N: int, H: int, W: int, C: int) -> Iterator[Call]:
    """A box of half the height and width in each image."""
    shape, half = (N, H, W, C), ((H // 2, H // 2), (W // 2, W // 2))
    given = 12345, 6, exact([3]), 0.5, (H, W), *half
    yield call("draw_inside", *given, out(N, 4))
    yield call("draw_centred", *given, out(N, 4))
    top, left = H // 4, W // 4
    boxes = exact(np.tile(np.array([top, top + H // 2, left, left + W // 2], np.float64), (N, 1)))
    moved = N * C * (2 * H * W - (H // 2) * (W // 2)) + 4 * N  # what is filled is not read
    yield call("forward", array(*shape), boxes, 0.5, out(*shape), moved=moved)
    yield call("backward", array(*shape), boxes, out(*shape), moved=moved)
