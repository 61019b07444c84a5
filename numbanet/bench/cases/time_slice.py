from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out, update

SIZES = ({"N": 64, "T": 50, "F": 128},)


def cases(N: int, T: int, F: int) -> Iterator[Call]:
    """Between an array of T steps and the T + 1 states of a recurrent layer."""
    a = array(N, T + 1, F)
    yield call("forward", a, 1, 1, out(N, T, F), moved=2 * N * T * F)
    yield call("put", array(N, F), 0, update(a), moved=2 * N * F)
