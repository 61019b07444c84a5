from __future__ import annotations

from collections.abc import Iterator

from ...kernels._lanes import parts
from ..case import Call, array, call, exact, out

SIZES = ({"R": 4096, "C": 256},)
EPSILON = 1e-3


def cases(R: int, C: int) -> Iterator[Call]:
    P = parts(R, C)
    x = exact(array(R, C).values + 0.5)  # whose mean is not lost in rounding
    dy, gamma, beta = array(R, C, low=-1, high=1), array(C), array(C, low=-1, high=1)
    saved = array(R, low=-1, high=1), array(R, low=0.5, high=2)
    yield call("forward", x, gamma, beta, EPSILON, out(R), out(R), out(R, C), flops=7 * R * C)
    yield call("backward_input", dy, x, gamma, *saved, out(R, C), flops=11 * R * C)
    yield call("backward_parts", dy, x, *saved, out(P, C), out(P, C), flops=5 * R * C)
