from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call
from ._parameters import RATE, SIZES, gradient, positive, weights

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    yield call("update", gradient(E), RATE, 1e-7, positive(E), weights(E), flops=7 * E)
