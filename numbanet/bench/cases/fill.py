from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, out

SIZES = ({"E": 1 << 20},)


def cases(E: int) -> Iterator[Call]:
    yield call("constant", 0.1, out(E))
