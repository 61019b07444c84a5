from . import array, case, exact, integers, out
from .mean_squared_error import SIZES


def cases():
    nan = float("nan")
    for R, C in SIZES:
        p, t, weights = array(R, C, low=0.01, high=0.99), array(R, C, low=0, high=1), array(R, low=0.5, high=2)
        for smoothing in (0.0, 0.1):
            yield case("forward", p, t, weights, smoothing, out(R), note=f"s={smoothing}")
            yield case("backward", p, t, weights, smoothing, out(R, C), note=f"s={smoothing}")
        labels = integers(0, C, R)
        yield case("forward_sparse", p, labels, weights, out(R))
        yield case("backward_sparse", p, labels, weights, out(R, C))
    p, t, weights = exact([[0.0, 1.0, 0.5], [nan, 0.25, 1.0], [0.5, 0.0, 0.5]]), array(3, 3, low=0, high=1), array(3)
    yield case("forward", p, t, weights, 0.1, out(3), note="edges")
    yield case("backward", p, t, weights, 0.1, out(3, 3), note="edges")
    yield case("forward_sparse", p, exact([0, 1, 1]), weights, out(3), note="edges")
    yield case("backward_sparse", p, exact([2, 1, 1]), weights, out(3, 3), note="edges")
