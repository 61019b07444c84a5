from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, out

SIZES = ({"N": 64, "H": 16, "W": 16, "C": 32, "S": 2},)


def cases(N: int, H: int, W: int, C: int, S: int) -> Iterator[Call]:
    """To S times as many rows and columns.

    Bilinear: S products and sums of pixels for each pixel along its row, and S for each of those from row to row: a
    product with the weight f of one side is that with the weight 1 - f of the other side at the mirrored place. Back,
    a pixel goes to four with three products, where S is 2.
    """
    x, y, E = (N, H, W, C), (N, S * H, S * W, C), N * H * W * C
    yield call("nearest", array(*x), (S, S), out(*y))
    yield call("nearest_backward", array(*y), (S, S), out(*x), flops=S * S * E)
    yield call("bilinear", array(*x), (S, S), out(*y), flops=2 * S * (S + 1) * E)
    yield call("bilinear_backward", array(*y), (S, S), out(*x), flops=7 * S * S * E)
