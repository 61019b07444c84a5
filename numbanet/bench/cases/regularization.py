from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, exact, update
from ._parameters import SIZES, gradient, moment

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    w = gradient(E)
    yield call("penalty", w, 0.01, 0.02, update(exact([0.75])), flops=5 * E)
    yield call("gradient", w, 0.01, 0.02, moment(E), flops=4 * E)
