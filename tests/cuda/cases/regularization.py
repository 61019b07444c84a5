from . import array, case, exact, update

OPTIONS = [(0.01, 0.0), (0.0, 0.02), (0.01, 0.02)]


def cases():
    for n in (1, 7, 2048, 6007):
        for l1, l2 in OPTIONS:
            yield case("penalty", array(n), l1, l2, update(exact([0.75])), note=f"{l1} {l2} {n}")
            yield case("gradient", array(n), l1, l2, update(array(n, low=-1, high=1)), note=f"{l1} {l2}")
    special = exact([0.0, -0.0, float("nan"), 1.0, -1.0])
    yield case("penalty", special, 0.1, 0.2, update(exact([1.0])), note="nan")
    yield case("gradient", special, 0.1, 0.2, update(array(5)), note="nan")
