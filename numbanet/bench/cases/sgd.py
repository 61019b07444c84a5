from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call
from ._parameters import RATE, SIZES, gradient, moment, weights

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    g, v, w = gradient(E), moment(E), weights(E)
    yield call("update", g, RATE, w, flops=2 * E)
    yield call("update_momentum", g, RATE, 0.9, v, w, flops=4 * E)
    yield call("update_nesterov", g, RATE, 0.9, v, w, flops=6 * E)
