from . import array, case, exact, out
from .mean_squared_error import SIZES


def cases():
    for R, C in SIZES:
        p, t, weights = array(R, C), array(R, C, low=0, high=1), array(R, low=0.5, high=2)
        for delta in (0.7, 1.5):
            yield case("forward", p, t, weights, delta, out(R), note=str(delta))
            yield case("backward", p, t, weights, delta, out(R, C), note=str(delta))
    special = exact([[1.0, float("nan")], [0.5, 2.0]]), exact([[0.5, 0.0], [1.0, -0.5]])
    yield case("forward", *special, array(2), 0.5, out(2), note="nan")
    yield case("backward", *special, array(2), 0.5, out(2, 2), note="nan")
