from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, exact, integers, out

SIZES = ({"R": 3200, "V": 10000, "E": 64},)


def cases(R: int, V: int, E: int) -> Iterator[Call]:
    """R words of texts, of V that there are."""
    words = integers(0, V, R).values
    x, found = exact(words.astype(float)), len(set(words.tolist()))
    yield call("forward", x, array(V, E), out(R, E), moved=R + (found + R) * E)
    yield call("backward", array(R, E), x, out(V, E), flops=R * E)
