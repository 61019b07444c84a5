from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call
from ._parameters import RATE, SIZES, gradient, moment, weights

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    yield call("update", gradient(E), RATE, 0.9, 0.99, moment(E), weights(E), flops=8 * E)
