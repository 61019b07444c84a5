from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...optimizers import PIECE
from ..case import Call, call, double, exact, out, update
from ._parameters import SIZES, gradient

__all__ = ["SIZES", "cases"]


def cases(E: int) -> Iterator[Call]:
    g, P = gradient(E), -(-E // PIECE)
    yield call("by_value", 0.1, update(g), flops=1.5 * E)
    yield call("square_sums", g, double(out(P)), flops=2 * E)
    # a norm hardly above the limit, so that g does not vanish where this runs over and over
    yield call("scale", double(exact(np.full(P, 1.0 / P))), 0.999, update(g), flops=2 * E + P)
