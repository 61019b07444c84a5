from . import array, case, exact, integers, out

SIZES = [(1, 1), (3, 10), (300, 3), (7, 131), (2, 700), (1, 5003)]


def cases():
    for R, C in SIZES:
        z, t, weights = array(R, C), array(R, C, low=0, high=1), array(R, low=0.5, high=2)
        labels, saved = integers(0, C, R), array(R)
        for smoothing in (0.0, 0.1):
            yield case("forward", z, t, weights, smoothing, out(R), out(R))
            yield case("backward", z, t, weights, smoothing, saved, out(R, C))
        yield case("forward_sparse", z, labels, weights, out(R), out(R))
        yield case("backward_sparse", z, labels, weights, saved, out(R, C))
    large = exact([[1000.0, 999.0, -1000.0], [3e4, 3e4, 3e4]])
    yield case("forward_sparse", large, exact([0, 1]), array(2), out(2), out(2), note="large logits")
