from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"N": 64, "H": 32, "W": 32, "C": 32, "M": 1, "K": 3},)


def cases(N: int, H: int, W: int, C: int, M: int, K: int, S: int = 1) -> Iterator[Call]:
    """Windows of K x K that move S cells at a time, padded as "same" is where S is 1 and K odd."""
    P, Q = -(-H // S), -(-W // S)
    geometry = (S, S), ((K - 1) // 2, (K - 1) // 2), (1, 1)
    x, w, b, dy = array(N, H, W, C), array(K, K, C, M), array(C * M), array(N, P, Q, C * M)
    flops = 2 * N * P * Q * K * K * C * M
    yield call("forward", x, w, b, *geometry, out(N, P, Q, C * M), flops=flops)
    yield call("forward_without_bias", x, w, *geometry, out(N, P, Q, C * M), flops=flops)
    yield call("backward_input", dy, w, *geometry, out(N, H, W, C), flops=flops)
    yield call("backward_kernel", dy, x, *geometry, out(K, K, C, M), flops=flops)
