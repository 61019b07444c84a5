from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, exact, out

SIZES = ({"E": 1 << 20},)


def cases(E: int) -> Iterator[Call]:
    yield call("forward", array(E), 0.5, 12345, 6, exact([3]), out(E), out(E), flops=E)
    yield call("backward", array(E), array(E, low=0, high=2), out(E), flops=E)
