from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out
from ._images import SIZES, windows

__all__ = ["SIZES", "cases"]


def cases(N: int, H: int, W: int, C: int, K: int) -> Iterator[Call]:
    P, Q = windows("average_pool2d", H, W, K)
    geometry, E = ((K, K), (K, K), (0, 0)), N * P * Q * C
    yield call("forward", array(N, H, W, C), *geometry, out(N, P, Q, C), flops=(K * K + 1) * E)
    yield call("backward", array(N, P, Q, C), *geometry, out(N, H, W, C), flops=2 * E)
