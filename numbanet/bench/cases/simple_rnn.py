from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out
from ._recurrent import SETTING, SIZES, begun, every, inputs, states

__all__ = ["SIZES", "cases"]


def cases(N: int, T: int, I: int, H: int) -> Iterator[Call]:
    given, E = (*every(N, T), SETTING[:3]), N * T * H
    x, w, u, b = inputs(N, T, I, H, 1)
    yield call("forward", x, w, u, b, *given, begun(N, T, H), flops=(2 * (I + H) + 1) * E)
    written = out(N, T, H), out(N, H)
    yield call("backward", array(N, T, H), u, *given, states(N, T, H), *written, flops=(2 * H + 4) * E)
