from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call
from ._rows import labels, scores, state, targets

SIZES = ({"N": 4096, "C": 100},)


def cases(N: int, C: int) -> Iterator[Call]:
    p, k = scores(N, C), 5
    yield call("update_sparse", p, labels(N, C), k, state(), flops=N * C)
    yield call("update_categorical", p, targets(N, C), k, state(), flops=2 * N * C)
