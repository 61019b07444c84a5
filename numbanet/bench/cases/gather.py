from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, exact, integers, out

SIZES = ({"M": 4096, "I": 784, "N": 128},)


def cases(M: int, I: int, N: int) -> Iterator[Call]:
    """A batch of N samples of M."""
    yield call("rows", array(M, I), integers(0, M, N), exact([0]), out(N, I), moved=2 * N * I + 2 * N)
