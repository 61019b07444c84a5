from . import array, case, exact, integers, out
from .mean_squared_error import SIZES


def cases():
    for R, C in SIZES:
        p, weights = array(R, C), array(R, low=0.5, high=2)
        t = exact(2.0 * integers(0, 2, R, C).values - 1.0)
        yield case("forward", p, t, weights, out(R))
        yield case("backward", p, t, weights, out(R, C))
    special = exact([[1.0, float("nan")], [-1.0, 2.0]]), exact([[1.0, 1.0], [-1.0, -1.0]])
    yield case("forward", *special, array(2), out(2), note="nan")
    yield case("backward", *special, array(2), out(2, 2), note="nan")
