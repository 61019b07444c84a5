from __future__ import annotations

from collections.abc import Iterator

from ...errors import ArgumentError
from ..case import Call, array, call, exact, out

SIZES = ({"N": 64, "T": 1024, "C": 32, "G": 8},)
EPSILON = 1e-3


def cases(N: int, T: int, C: int, G: int) -> Iterator[Call]:
    if C % G:
        raise ArgumentError(f"bench group_norm: expected C to be a multiple of G. Received: C={C}, G={G}")
    x = exact(array(N, T, C).values + 0.5)  # whose mean is not lost in rounding
    dy, gamma, beta = array(N, T, C, low=-1, high=1), array(C), array(C, low=-1, high=1)
    saved = array(N, G, low=-1, high=1), array(N, G, low=0.5, high=2)
    E = N * T * C
    yield call("forward", x, gamma, beta, EPSILON, out(N, G), out(N, G), out(N, T, C), flops=7 * E)
    yield call("backward_samples", dy, x, *saved, out(N, C), out(N, C), flops=5 * E)
    given = dy, x, gamma, *saved, array(N, C), array(N, C, low=-1, high=1)
    yield call("backward_input", *given, out(N, T, C), flops=8 * E + 4 * N * C)
