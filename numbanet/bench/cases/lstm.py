from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out
from ._recurrent import SETTING, SIZES, begun, every, gates, inputs, states

__all__ = ["SIZES", "cases"]


def cases(N: int, T: int, I: int, H: int) -> Iterator[Call]:
    x, w, u, b = inputs(N, T, I, H, 4)
    given, dh = (*every(N, T), SETTING), array(N, T, H)
    written = out(N, T, 4 * H), begun(N, T, H), begun(N, T, H)
    yield call("forward", x, w, u, b, *given, *written, flops=N * T * (8 * (I + H) + 18) * H)
    saved, written = (gates(N, T, 4 * H), states(N, T, H)), (out(N, T, 4 * H), out(N, H), out(N, H))
    yield call("backward", dh, u, *given, *saved, *written, flops=N * T * (8 * H + 24) * H)
