from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, exact, integers
from ._rows import state

SIZES = ({"R": 4096},)


def cases(R: int) -> Iterator[Call]:
    value, mask = exact([0.75]), exact(integers(0, 2, R).values.astype(float))
    yield call("update_masked", value, mask, state(), flops=3)
    yield call("update", value, R, state(), flops=3)
