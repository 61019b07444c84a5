from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"N": 64, "T": 1024, "C": 32},)


def cases(N: int, T: int, C: int) -> Iterator[Call]:
    yield call("forward", array(N, T, C), out(N, C), flops=(T + 1) * N * C)
    yield call("backward", array(N, C), out(N, T, C), flops=N * C)
