import numpy as np

from . import array, case, exact, out

# (N, H, W, C), ((top, bottom), (left, right))
CASES = [
    ((5, 3, 5, 4), ((1, 1), (2, 1))),
    ((1, 1, 1, 1), ((0, 0), (0, 0))),
    ((1, 1, 1, 1), ((1, 2), (0, 3))),
    ((2, 3, 5, 1), ((0, 1), (2, 0))),
    ((3, 5, 2, 7), ((2, 0), (1, 1))),
    ((2, 1, 11, 3), ((0, 0), (4, 1))),
    ((4, 4, 3, 8), ((0, 0), (0, 0))),
    ((7, 13, 17, 19), ((1, 2), (3, 4))),
    ((9, 11, 5, 12), ((3, 0), (0, 2))),
]


def cases():
    for x, frame in CASES:
        y = tuple(n + sum(side) for n, side in zip(x, ((0, 0), *frame, (0, 0)), strict=True))
        padding = frame[0][0], frame[1][0]
        yield case("forward", array(*x), padding, out(*y))
        yield case("backward", array(*y), padding, out(*x))
    # a NaN inside passes, one outside does not
    yield case("forward", exact(np.full((2, 2, 2, 4), np.nan)), (1, 1), out(2, 4, 4, 4), note="NaN")
    dy = np.full((2, 4, 4, 4), np.nan)
    dy[:, 1:3, 1:3] = 1
    yield case("backward", exact(dy), (1, 1), out(2, 2, 2, 4), note="NaN")
