from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, exact
from ._parameters import RATE, SIZES, gradient, moment, positive, weights

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    given = gradient(E), RATE, 0.9, 0.999, 1e-7, exact([9])
    m, v, highest, w = moment(E), positive(E), positive(E), weights(E)
    yield call("update", *given, m, v, w, flops=14 * E)
    yield call("update_amsgrad", *given, m, v, highest, w, flops=15 * E)
