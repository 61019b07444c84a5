from . import array, case, exact, out
from .mean_squared_error import SIZES


def cases():
    for R, C in SIZES:
        yield case("forward", array(R, C), out(R, C))
        yield case("backward", array(R, C), array(R, C, low=0, high=1), out(R, C))
    nan, inf = float("nan"), float("inf")
    special = exact([[1000.0, 999.0, -1000.0], [nan, 1.0, 2.0], [1.0, -inf, 2.0], [1.0, inf, 2.0], [3.0, 3.0, 3.0]])
    yield case("forward", special, out(5, 3), note="special")
