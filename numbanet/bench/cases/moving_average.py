from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, exact
from ._parameters import SIZES, moment, weights

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    done, read = exact([100]), array(E)
    yield call("follow", 0.99, done, read, moment(E), flops=3 * E)
    yield call("overwrite", 10, done, read, weights(E), moved=2 * E)
