from . import array, case, double, exact, integers, update
from .mean_squared_error import SIZES


def cases():
    nan, inf = float("nan"), float("inf")
    for R, C in SIZES:
        p, state = array(R, C), double(update(exact([2.0, 5.0])))
        for k in (1, 3, 2000):
            yield case("update_sparse", p, integers(0, C, R), k, state, note=f"k={k}")
            yield case("update_categorical", p, array(R, C, low=0, high=1), k, state, note=f"k={k}")
    p = exact([[1.0, 3.0, 3.0], [nan, 1.0, 2.0], [1.0, 2.0, nan], [-inf, -inf, -inf], [inf, 1.0, inf], [3.0, 3.0, 3.0]])
    t = exact([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [nan, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, nan, 0.0]])
    for k in (1, 2, 3, 2**40):
        state = double(update(exact([0.0, 0.0])))
        yield case("update_categorical", p, t, k, state, note=f"ties k={k}")
        for label in (0, 1, 2):
            yield case("update_sparse", p, exact([label] * 6), k, state, note=f"ties {label} k={k}")
