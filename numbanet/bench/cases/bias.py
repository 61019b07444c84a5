from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, update

SIZES = ({"R": 65536, "C": 32},)


def cases(R: int, C: int) -> Iterator[Call]:
    yield call("forward", array(C), update(array(R, C)), flops=R * C)
