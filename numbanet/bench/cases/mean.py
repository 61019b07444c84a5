from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"R": 4096},)


def cases(R: int) -> Iterator[Call]:
    yield call("forward", array(R), out(1), flops=R)
