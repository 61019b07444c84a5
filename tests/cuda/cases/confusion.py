import numpy as np

from . import array, case, double, exact, integers, update
from .binary_accuracy import SHAPES


def cases():
    nan, inf = float("nan"), float("inf")
    for R, C in [(1, 1), (7, 3), (300, 10), (5, 131), (600, 2), (40, 300)]:
        matrix = double(update(exact(np.arange(C * C, dtype=np.float64).reshape(C, C) % 7)))
        yield case("update_sparse", array(R, C), integers(0, C, R), matrix)
    p = exact([[1.0, 3.0, 3.0], [nan, 1.0, 2.0], [1.0, 2.0, nan], [-inf, -inf, -inf], [inf, 1.0, inf], [3.0, 3.0, 3.0]])
    yield case("update_sparse", p, exact([0, 1, 2, 0, 1, 0]), double(update(exact(np.zeros((3, 3))))), note="ties")
    for shape in SHAPES:
        p, t = array(*shape), array(*shape, low=0, high=1)
        yield case("update_binary", p, t, 0.1, double(update(exact([2.0, 5.0, 0.0, 1.0]))))
    p, t = exact([0.5, nan, 0.6, nan, 0.7, 0.1]), exact([0.0, 0.0, 1.0, 1.0, 0.5, 1.0])
    yield case("update_binary", p, t, 0.5, double(update(exact([0.0, 0.0, 0.0, 0.0]))), note="edges")
