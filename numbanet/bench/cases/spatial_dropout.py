from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, exact, out

SIZES = ({"N": 64, "P": 1024, "C": 32},)


def cases(N: int, P: int, C: int) -> Iterator[Call]:
    E = N * P * C
    yield call("forward", array(N, P, C), 0.5, 12345, 6, exact([3]), out(N, C), out(N, P, C), flops=E)
    yield call("backward", array(N, P, C), array(N, C, low=0, high=2), out(N, P, C), flops=E)
