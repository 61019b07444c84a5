from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, out
from ._rows import SIZES, SMOOTHING, probabilities, scores, targets, weights

__all__ = ["SIZES", "cases"]


def cases(R: int, C: int) -> Iterator[Call]:
    p, z, t = probabilities(R, C), scores(R, C), targets(R, C)
    given = t, weights(R), SMOOTHING
    yield call("forward", z, *given, out(R), flops=9 * R * C)
    yield call("backward", z, *given, out(R, C), flops=8 * R * C)
    yield call("forward_probabilities", p, *given, out(R), flops=14 * R * C)
    yield call("backward_probabilities", p, *given, out(R, C), flops=9 * R * C)
