from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"P": 128, "C": 512},)


def cases(P: int, C: int) -> Iterator[Call]:
    yield call("forward", array(P, C), out(C), flops=P * C)
