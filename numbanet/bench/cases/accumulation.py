from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, update
from ._parameters import SIZES, gradient, moment

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    g, total, steps = gradient(E), moment(E), 4
    yield call("add", steps, g, total, flops=2 * E)
    yield call("mean", steps, total, update(g), flops=2 * E)
