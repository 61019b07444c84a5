from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call
from ._rows import SIZES, scores, state, targets

__all__ = ["SIZES", "cases"]


def cases(R: int, C: int) -> Iterator[Call]:
    p, t = scores(R, C), targets(R, C)
    yield call("absolute", p, t, state(), flops=2 * R * C)
    yield call("squared", p, t, state(), flops=3 * R * C)
