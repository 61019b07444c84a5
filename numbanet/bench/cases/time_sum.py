from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out
from ._recurrent import every, states

SIZES = ({"N": 64, "T": 50, "I": 128, "O": 512},)


def cases(N: int, T: int, I: int, O: int) -> Iterator[Call]:
    """The weights of the states of a recurrent layer."""
    dz, (mask, keep) = array(N, T, O), every(N, T)
    flops = 2 * N * T * I * O
    yield call("backward_kernel", dz, states(N, T, I), mask, keep, 0, (0, O), out(I, O), flops=flops)
    yield call("backward_bias", dz, mask, out(O), flops=N * T * O)
