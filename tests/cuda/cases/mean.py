from . import array, case, exact, out


def cases():
    for R in (1, 31, 1024, 5003):
        yield case("forward", array(R), out(1))
    yield case("forward", exact([1.0, float("nan"), 2.0]), out(1), note="nan")
