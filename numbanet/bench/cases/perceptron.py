from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Call, call, exact, out, update

SIZES = ({"N": 1000, "I": 64},)


def cases(N: int, I: int) -> Iterator[Call]:
    """Samples of small whole numbers, whose scores are exact, and the labels of a plane between them."""
    random = np.random.default_rng([N, I])
    x = random.integers(-3, 4, (N, I)).astype(np.float64)
    t = (x @ random.integers(-2, 3, I) > 0.0).astype(np.float64)
    w, b = exact(random.integers(-2, 3, I).astype(np.float64)), exact([1.0])
    mistakes = out(1, dtype=np.int64)
    yield call("epoch", exact(x), exact(t), 0.5, update(w), update(b), mistakes, flops=(4 * I + 5) * N)
    yield call("predict", exact(x), w, b, out(N), flops=(2 * I + 1) * N)
