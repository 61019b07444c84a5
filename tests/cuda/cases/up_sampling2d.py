from itertools import product

import numpy as np

from . import array, case, exact, out

SIZES = [(2, 2), (1, 1), (3, 1), (1, 4), (3, 5)]
SHAPES = [(5, 3, 2, 8), (1, 1, 1, 1), (2, 3, 1, 2), (1, 2, 5, 3)]
KINDS = ("nearest", "bilinear")


def cases():
    for x, size in [*product(SHAPES, SIZES), ((3, 11, 13, 17), (2, 3)), ((2, 9, 7, 12), (4, 2))]:
        y = x[0], x[1] * size[0], x[2] * size[1], x[3]
        for kind in KINDS:
            yield case(kind, array(*x), size, out(*y))
            yield case(kind + "_backward", array(*y), size, out(*x))
    # a NaN passes to its neighbours alone
    for kind, C in product(KINDS, (1, 4)):
        x, dy = np.ones((2, 5, 5, C)), np.ones((2, 10, 10, C))
        x[0, 2, 2, 0] = x[1, 0, 4, 0] = dy[0, 4, 4, 0] = dy[1, 0, 9, 0] = np.nan
        yield case(kind, exact(x), (2, 2), out(*dy.shape), note="NaN")
        yield case(kind + "_backward", exact(dy), (2, 2), out(*x.shape), note="NaN")
