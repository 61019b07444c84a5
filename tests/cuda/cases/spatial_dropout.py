from . import array, case, exact, out

SHAPES = [(1, 1, 1), (2, 3, 5), (3, 7, 4), (5, 49, 3), (4, 16, 64), (2, 131, 7)]


def cases():
    for N, P, C in SHAPES:
        for rate in (0.0, 0.4):
            given = (rate, -7, 2, exact([11]))
            yield case("forward", array(N, P, C), *given, out(N, C), out(N, P, C), note=f"rate {rate}")
        yield case("backward", array(N, P, C), array(N, C, low=0, high=2), out(N, P, C))
