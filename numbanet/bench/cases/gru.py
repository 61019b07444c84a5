from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out
from ._recurrent import SETTING, SIZES, begun, every, gates, inputs, states

__all__ = ["SIZES", "cases"]


def cases(N: int, T: int, I: int, H: int) -> Iterator[Call]:
    given, dh, E = (*every(N, T), SETTING), array(N, T, H), N * T * H
    z, v, h = gates(N, T, 3 * H), gates(N, T, H), states(N, T, H)
    x, w, u, b = inputs(N, T, I, H, 3, 2)
    written = out(N, T, 3 * H), out(N, T, H), begun(N, T, H)
    yield call("forward", x, w, u, b, *given, *written, flops=(6 * (I + H) + 17) * E)
    dz, dh0 = out(2, N, T, 3 * H), out(N, H)
    yield call("backward", dh, u, *given, z, v, h, dz, dh0, flops=(6 * H + 17) * E)
    b = array(3 * H)
    written = out(N, T, 3 * H), out(N, T, H), begun(N, T, H)
    yield call("forward_reset_before", x, w, u, b, *given, *written, flops=(6 * (I + H) + 14) * E)
    dz, dh0 = out(N, T, 3 * H), out(N, H)
    yield call("backward_reset_before", dh, u, *given, z, h, dz, dh0, flops=(6 * H + 18) * E)
