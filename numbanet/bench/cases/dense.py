from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"N": 128, "I": 784, "O": 512}, {"N": 1024, "I": 1024, "O": 1024})


def cases(N: int, I: int, O: int) -> Iterator[Call]:
    x, w, b, dy = array(N, I), array(I, O), array(O), array(N, O)
    flops = 2 * N * I * O
    yield call("forward", x, w, b, out(N, O), flops=flops)
    yield call("forward_without_bias", x, w, out(N, O), flops=flops)
    yield call("backward_input", dy, w, out(N, I), flops=flops)
    yield call("backward_kernel", dy, x, out(I, O), flops=flops)
    yield call("backward_bias", dy, out(O), flops=N * O)
