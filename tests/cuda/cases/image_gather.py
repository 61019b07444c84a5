import numpy as np

from . import array, case, exact, integers, out

# (N, H, W, C), (P, Q)
CASES = [((1, 1, 1, 1), (1, 1)), ((2, 3, 5, 1), (3, 5)), ((3, 4, 2, 8), (3, 4)), ((5, 3, 4, 3), (7, 2))]


def maps(N, L, extent):
    return exact(integers(-1, extent, N, L).values.astype(np.float64))


def cases():
    for (N, H, W, C), (P, Q) in CASES:
        rows, columns = maps(N, P, H), maps(N, Q, W)
        yield case("forward", array(N, H, W, C), rows, columns, 0.5, out(N, P, Q, C))
        yield case("backward", array(N, P, Q, C), rows, columns, out(N, H, W, C))
    # many copies of one pixel
    ones = exact(np.ones((2, 9)))
    yield case("backward", array(2, 9, 9, 4), ones, ones, out(2, 2, 3, 4), note="one place")
    yield case("forward", exact(np.full((2, 2, 3, 4), np.nan)), ones, ones, 0.5, out(2, 9, 9, 4), note="NaN")
