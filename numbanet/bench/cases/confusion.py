from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Call, call, double, exact, update
from ._rows import labels, scores, state, targets

SIZES = ({"N": 4096, "C": 100},)


def cases(N: int, C: int) -> Iterator[Call]:
    """The binary one of all N C scores."""
    p, named = scores(N, C), labels(N, C)
    matrix = double(update(exact(np.zeros((C, C)))))
    cells = len(np.unique(named.values * C + p.values.argmax(axis=1)))
    moved = N * C + 2 * N + 4 * cells  # labels and cells have 64 bits
    yield call("update_sparse", p, named, matrix, flops=N * C, moved=moved)
    yield call("update_binary", p, targets(N, C), 0.5, state(4), flops=3 * N * C)
