from . import array, case, exact, out

SIZES = [(1, 1), (7, 3), (300, 1), (37, 10), (5, 131), (2, 700), (1, 5003)]


def cases():
    for R, C in SIZES:
        p, t, weights = array(R, C), array(R, C, low=0, high=1), array(R, low=0.5, high=2)
        yield case("forward", p, t, weights, out(R))
        yield case("backward", p, t, weights, out(R, C))
    unknown = exact([[1.0, float("nan")], [0.5, 2.0]])
    yield case("forward", unknown, array(2, 2), array(2), out(2), note="nan")
    yield case("backward", unknown, array(2, 2), array(2), out(2, 2), note="nan")
