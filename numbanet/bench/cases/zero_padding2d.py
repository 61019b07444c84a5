from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"N": 64, "H": 32, "W": 32, "C": 32},)


def cases(N: int, H: int, W: int, C: int) -> Iterator[Call]:
    """By one pixel on each side."""
    x, y = (N, H, W, C), (N, H + 2, W + 2, C)
    yield call("forward", array(*x), (1, 1), out(*y))
    yield call("backward", array(*y), (1, 1), out(*x), moved=2 * N * H * W * C)
