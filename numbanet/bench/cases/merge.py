from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"R": 4096, "A": 128, "B": 128},)


def cases(R: int, A: int, B: int) -> Iterator[Call]:
    """What takes two arrays of one shape takes those of A columns."""
    yield call("concatenate", array(R, A), array(R, B), out(R, A + B))
    yield call("concatenate_backward", array(R, A + B), out(R, A), out(R, B))
    E = R * A
    a, b, dy = array(E), array(E, low=-1, high=1), array(E, low=1, high=2)
    yield call("multiply", a, b, out(E), flops=E)
    yield call("multiply_backward", dy, a, b, out(E), out(E), flops=2 * E)
    yield call("average", a, b, out(E), flops=2 * E)
    yield call("average_backward", dy, out(E), out(E), flops=E)
