from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, update
from ._parameters import RATE, SIZES, gradient, moment, positive, weights

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    given = gradient(E), RATE, 0.9, 1e-7
    s, v, w = positive(E), moment(E), weights(E)
    mean = update(array(E, low=-0.5, high=0.5))  # whose squares are below s
    yield call("update", *given, s, w, flops=9 * E)
    yield call("update_momentum", *given, 0.9, s, v, w, flops=11 * E)
    yield call("update_centered", *given, s, mean, w, flops=14 * E)
    yield call("update_centered_momentum", *given, 0.9, s, mean, v, w, flops=16 * E)
