from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Call, array, call, exact, integers, out

SIZES = ({"N": 64, "T": 1024, "C": 32},)


def cases(N: int, T: int, C: int) -> Iterator[Call]:
    yield call("forward", array(N, T, C), out(N, C, dtype=np.int32), out(N, C), flops=N * T * C)
    argmax = exact(integers(0, T, N, C).values.astype(np.int32))
    yield call("backward", array(N, C), argmax, out(N, T, C))
