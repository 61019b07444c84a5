from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Call, call, double, out

SIZES = ({"E": 1 << 20},)


def cases(E: int) -> Iterator[Call]:
    address = 12345, 6, 7  # seed, stream, step
    yield call("words", *address, out(E, dtype=np.uint32))
    yield call("uniform", *address, double(out(E)), flops=3 * E)
    yield call("normal", *address, double(out(E)), flops=7.5 * E)
