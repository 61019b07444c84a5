from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, out
from ._rows import SIZES, scores, targets, weights

__all__ = ["SIZES", "cases"]


def cases(R: int, C: int) -> Iterator[Call]:
    p, t = scores(R, C), targets(R, C)
    yield call("forward", p, t, weights(R), out(R), flops=3 * R * C)
    yield call("backward", p, t, weights(R), out(R, C), flops=2 * R * C)
