from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"K": 3, "I": 128, "O": 128},)


def cases(K: int, I: int, O: int) -> Iterator[Call]:
    yield call("forward", array(K, K, I, O), out(K, K, I, O))
