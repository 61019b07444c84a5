from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"R": 8192, "C": 128}, {"R": 64, "C": 3, "S": 1024})


def cases(R: int, C: int, S: int = 1) -> Iterator[Call]:
    shape, E = (R, C, S), R * C * S
    mean, variance = array(C), array(C, low=0.5, high=2)
    yield call("forward", array(*shape), mean, variance, 1e-7, out(*shape), flops=2 * E + 2 * C)
    yield call("backward", array(*shape), variance, 1e-7, out(*shape), flops=E + 2 * C)
    yield call("inverse", array(*shape), mean, variance, 1e-7, out(*shape), flops=2 * E + 2 * C)
    yield call("inverse_backward", array(*shape), variance, 1e-7, out(*shape), flops=E + 2 * C)
