import numpy as np

from . import array, case, double, exact, integers, out

SHAPES = [(5, 1, 1), (7, 1, 300), (40, 3, 131), (9, 4, 9), (3, 784, 5), (6, 131, 17), (20, 1028, 4)]


def cases():
    for M, I, N in SHAPES:
        order, first = integers(0, M, N + 3), exact([2])
        yield case("rows", array(M, I), order, first, out(N, I))
        yield case("rows", double(array(M, I)), order, first, double(out(N, I)), note="float64")
        yield case("rows", integers(0, 2**40, M, I), order, first, out(N, I, dtype=np.int64), note="int64")
