from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, exact, integers, out
from ._rows import SIZES, scores, weights

__all__ = ["SIZES", "cases"]


def cases(R: int, C: int) -> Iterator[Call]:
    p, t = scores(R, C), exact(2.0 * integers(0, 2, R, C).values - 1.0)
    yield call("forward", p, t, weights(R), out(R), flops=4 * R * C)
    yield call("backward", p, t, weights(R), out(R, C), flops=4 * R * C)
