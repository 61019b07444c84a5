from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, out
from ._rows import SIZES, scores, targets, weights

__all__ = ["SIZES", "cases"]


def cases(R: int, C: int) -> Iterator[Call]:
    given = scores(R, C), targets(R, C), weights(R), 1.0
    yield call("forward", *given, out(R), flops=5 * R * C)
    yield call("backward", *given, out(R, C), flops=4 * R * C)
