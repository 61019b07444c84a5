from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, exact
from ._parameters import SIZES, moment, weights

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    done, w, average = exact([100]), weights(E), moment(E)
    yield call("follow", 0.99, done, w, average, flops=3 * E, moved=3 * E)
    yield call("overwrite", 10, done, average, w, moved=2 * E)
