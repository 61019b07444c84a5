from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"E": 1 << 20},)


def cases(E: int) -> Iterator[Call]:
    x = array(E)
    yield call("forward", x, out(E))
    yield call("stream", x, out(E))
