from . import array, case, exact, out
from .mean_squared_error import SIZES


def cases():
    nan = float("nan")
    for R, C in SIZES:
        z, t, weights = array(R, C), array(R, C, low=0, high=1), array(R, low=0.5, high=2)
        p = array(R, C, low=0.01, high=0.99)
        for smoothing in (0.0, 0.1):
            yield case("forward", z, t, weights, smoothing, out(R), note=f"s={smoothing}")
            yield case("backward", z, t, weights, smoothing, out(R, C), note=f"s={smoothing}")
            yield case("forward_probabilities", p, t, weights, smoothing, out(R), note=f"s={smoothing}")
            yield case("backward_probabilities", p, t, weights, smoothing, out(R, C), note=f"s={smoothing}")
    z, t, weights = exact([[-90.0, 90.0, 0.0], [nan, 1.0, -3.0]]), array(2, 3, low=0, high=1), array(2)
    yield case("forward", z, t, weights, 0.0, out(2), note="large")
    yield case("backward", z, t, weights, 0.0, out(2, 3), note="large")
    p = exact([[0.0, 1.0, 0.5], [nan, 0.25, 1.0]])
    yield case("forward_probabilities", p, t, weights, 0.0, out(2), note="edges")
    yield case("backward_probabilities", p, t, weights, 0.0, out(2, 3), note="edges")
