from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, update

SIZES = ({"M": 1 << 18},)
TURNS = 500  # so many that loads and stores take no time beside them


def cases(M: int) -> Iterator[Call]:
    yield call("repeat", 1 - 2**-10, 2**-10, TURNS, update(array(M)), flops=2 * M * TURNS)
