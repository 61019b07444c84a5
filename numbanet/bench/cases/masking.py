from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, array, call, exact, integers, out, update

SIZES = ({"N": 64, "T": 50, "F": 128},)


def cases(N: int, T: int, F: int) -> Iterator[Call]:
    """Of sequences of which half of the steps are left out."""
    x, mask = array(N, T, F), exact(integers(0, 2, N, T).values.astype(float))
    flat, R = exact(mask.values.reshape(-1)), N * T
    absent = R - int(mask.values.sum())
    yield call("forward", exact(x.values * mask.values[..., None]), 0.0, out(N, T), out(N, T, F), flops=R * F)
    yield call("indices", exact(integers(0, 2, N, T).values.astype(float)), out(N, T))
    yield call("weigh", array(R), flat, out(R), flops=4 * R)
    yield call("leave_out", flat, update(array(R, F)), moved=R + absent * F)
    yield call("backward", x, mask, out(N, T, F), flops=R * F)
