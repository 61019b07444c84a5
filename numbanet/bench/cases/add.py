from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"E": 1 << 20},)


def cases(E: int) -> Iterator[Call]:
    yield call("forward", array(E), array(E, low=-1, high=1), out(E), flops=E)
