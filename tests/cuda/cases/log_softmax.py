from . import array, case, exact, out
from .mean_squared_error import SIZES


def cases():
    for R, C in SIZES:
        yield case("forward", array(R, C), out(R, C))
        yield case("backward", array(R, C), array(R, C, low=-4, high=0), out(R, C))
    nan, inf = float("nan"), float("inf")
    finite = exact([[1000.0, 999.0, -1000.0], [3.0, 3.0, 3.0]])
    yield case("forward", finite, out(2, 3), note="large")
    yield case("forward", exact([[nan, 1.0, 2.0], [1.0, inf, 2.0], [5.0, 3.0, 4.0]]), out(3, 3), note="special")
    yield case("backward", exact([[nan, 1.0], [1.0, 2.0]]), exact([[-1.0, -0.5], [-inf, 0.0]]), out(2, 2), note="nan")
