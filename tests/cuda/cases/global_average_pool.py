import numpy as np

from . import array, case, exact, out

SIZES = [
    (2, 1499, 4),
    (3, 37, 8),
    (1, 1, 1),
    (3, 7, 1),
    (2, 4, 3),
    (2, 5, 17),
    (1, 37, 5),
    (2, 301, 3),
    (5, 9, 300),
    (1, 70, 523),
]


def cases():
    for N, T, C in SIZES:
        yield case("forward", array(N, T, C), out(N, C))
        yield case("backward", array(N, C), out(N, T, C))
    for C in (3, 8):
        x, dy = array(2, 5, C).values, array(2, C).values
        x[1, 4, 2] = dy[0, 1] = np.nan
        yield case("forward", exact(x), out(2, C), note="NaN")
        yield case("backward", exact(dy), out(2, 5, C), note="NaN")
    # sums one after the other would be off by more
    yield case("forward", array(1, 20011, 5, low=0, high=1), out(1, 5), note="a long sequence")
