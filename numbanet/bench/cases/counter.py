from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, call, exact, update

SIZES: tuple[dict[str, int], ...] = ({},)


def cases() -> Iterator[Call]:
    yield call("advance", 1, update(exact([0])))
