from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call
from ._parameters import RATE, SIZES, weights

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    yield call("apply", RATE, 0.004, weights(E), flops=2 * E)
