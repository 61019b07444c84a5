from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Call, Given, array, call, exact, out

SIZES = ({"N": 64, "H": 32, "W": 32, "C": 32}, {"N": 64, "H": 32, "W": 32, "C": 3})


def _mirrored(N: int, L: int) -> Given:
    """Maps of which every other one is turned round."""
    along = np.arange(L, dtype=np.float64)
    return exact(np.where(np.arange(N)[:, None] % 2, along[::-1], along))


def cases(N: int, H: int, W: int, C: int) -> Iterator[Call]:
    shape, maps = (N, H, W, C), (_mirrored(N, H), _mirrored(N, W))
    yield call("forward", array(*shape), *maps, 0.0, out(*shape))
    yield call("backward", array(*shape), *maps, out(*shape), flops=N * H * W * C)
