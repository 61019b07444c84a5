from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call
from ._rows import labels, scores, state, targets

SIZES = ({"N": 4096, "C": 100},)


def cases(N: int, C: int) -> Iterator[Call]:
    p = scores(N, C)
    yield call("update_sparse", p, labels(N, C), state(), flops=N * C)
    yield call("update_categorical", p, targets(N, C), state(), flops=2 * N * C)
