from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out
from ._rows import SIZES, scores

__all__ = ["SIZES", "cases"]


def cases(R: int, C: int) -> Iterator[Call]:
    yield call("forward", scores(R, C), out(R, C), flops=5 * R * C)
    yield call("backward", scores(R, C), array(R, C, low=-6, high=-4), out(R, C), flops=4 * R * C)
