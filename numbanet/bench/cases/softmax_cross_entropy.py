from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out
from ._rows import SIZES, SMOOTHING, labels, scores, targets, weights

__all__ = ["SIZES", "cases"]


def cases(R: int, C: int) -> Iterator[Call]:
    z, named = scores(R, C), labels(R, C)
    given, saved = (z, targets(R, C), weights(R), SMOOTHING), array(R, low=4, high=6)
    yield call("forward", *given, out(R), out(R), flops=9 * R * C)
    yield call("backward", *given, saved, out(R, C), flops=8 * R * C)
    yield call("forward_sparse", z, named, weights(R), out(R), out(R), flops=4 * R * C)
    yield call("backward_sparse", z, named, weights(R), saved, out(R, C), flops=4 * R * C)
