from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, exact, out

SIZES = ({"N": 1024, "H": 32},)


def cases(N: int, H: int) -> Iterator[Call]:
    """The rows of N images of H, shifted by up to an eighth."""
    given = 12345, 6, exact([3]), 0
    yield call("reversal", *given, out(N, H))
    for mode in ("constant", "nearest", "reflect", "wrap"):
        yield call(mode, *given, H, -(H // 8), H // 8, out(N, H))
