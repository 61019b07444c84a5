from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Call, array, call, exact, integers, out
from ._images import SIZES, windows

__all__ = ["SIZES", "cases"]


def cases(N: int, H: int, W: int, C: int, K: int) -> Iterator[Call]:
    P, Q = windows("max_pool2d", H, W, K)
    y, geometry, numbers = (N, P, Q, C), ((K, K), (K, K), (0, 0)), np.dtype(np.uint8 if K <= 16 else np.int32)
    E = N * P * Q * C
    yield call("forward", array(N, H, W, C), *geometry, out(*y, dtype=numbers), out(*y), flops=(K * K - 1) * E)
    argmax = exact(integers(0, K * K, *y).values.astype(numbers))
    yield call("backward", array(*y), argmax, *geometry, out(N, H, W, C), flops=E)
