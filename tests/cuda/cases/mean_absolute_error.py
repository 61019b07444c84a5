from . import array, case, exact, out
from .mean_squared_error import SIZES


def cases():
    for R, C in SIZES:
        p, t, weights = array(R, C), array(R, C, low=0, high=1), array(R, low=0.5, high=2)
        yield case("forward", p, t, weights, out(R))
        yield case("backward", p, t, weights, out(R, C))
    special = exact([[1.0, float("nan")], [0.5, 2.0]]), exact([[1.0, 0.0], [1.0, -0.5]])
    yield case("forward", *special, array(2), out(2), note="nan")
    yield case("backward", *special, array(2), out(2, 2), note="nan")
