from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, out
from ._rows import SIZES, SMOOTHING, labels, probabilities, targets, weights

__all__ = ["SIZES", "cases"]


def cases(R: int, C: int) -> Iterator[Call]:
    """Of labels: only theirs of the C terms is computed, but all of p is looked at for NaN."""
    p, named = probabilities(R, C), labels(R, C)
    given = p, targets(R, C), weights(R), SMOOTHING
    yield call("forward", *given, out(R), flops=7 * R * C)
    yield call("backward", *given, out(R, C), flops=6 * R * C)
    yield call("forward_sparse", p, named, weights(R), out(R), flops=5 * R)
    yield call("backward_sparse", p, named, weights(R), out(R, C), flops=5 * R)
