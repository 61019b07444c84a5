from __future__ import annotations

from collections.abc import Iterator

from ...kernels._lanes import parts
from ..case import Call, array, call, out, update

SIZES = ({"R": 65536, "C": 32},)
EPSILON, MOMENTUM = 1e-3, 0.99


def cases(R: int, C: int) -> Iterator[Call]:
    P = parts(R, C)
    x, dy, mean, variance = array(R, C), array(R, C, low=-1, high=1), array(C), array(C, low=0.5, high=2)
    gamma, beta = array(C, low=-1, high=1), array(C, low=0, high=1)
    yield call("partial_statistics", x, out(P, C), out(P, C), flops=5 * R * C)
    sums = array(P, C, low=-1, high=1), array(P, C, low=0, high=1)
    moving = update(mean), update(variance)
    # of x the first row is read
    flops, moved = (7 * P + 9) * C, (2 * P + 7) * C
    yield call("statistics", x, *sums, MOMENTUM, out(C), out(C), *moving, flops=flops, moved=moved)
    yield call("forward", x, mean, variance, gamma, beta, EPSILON, out(R, C), flops=4 * R * C)
    yield call("backward_parts", dy, x, mean, variance, EPSILON, out(P, C), out(P, C), flops=5 * R * C)
    given = dy, x, mean, variance, gamma, EPSILON, array(C), beta
    yield call("backward_input", *given, out(R, C), flops=7 * R * C)
    yield call("backward_input_of_inference", dy, variance, gamma, EPSILON, out(R, C), flops=R * C)
