from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Call, array, call, exact, integers, out, update

SIZES = ({"E": 1 << 20},)
COUNT = 10  # of classes, or things


def cases(E: int) -> Iterator[Call]:
    """Nothing is wrong with the data, so that all of it is looked at."""
    x, labels, flag = array(E, low=-1, high=1), integers(0, COUNT, E), out(1, dtype=np.int64)
    yield call("finite", x, flag)
    yield call("labels", labels, COUNT, flag)
    yield call("between", x, -1.0, 1.0, flag, flops=2 * E)
    yield call("indices", exact(labels.values.astype(np.float64)), COUNT, flag, flops=2 * E)
    yield call("expect_finite", update(exact([0])), x)
