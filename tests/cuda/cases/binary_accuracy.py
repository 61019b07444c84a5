from . import array, case, double, exact, update

SHAPES = [(1,), (7, 1), (131, 3), (5003,)]


def cases():
    for shape in SHAPES:
        p, t = array(*shape), array(*shape, low=0, high=1)
        for threshold in (0.0, 0.1):
            yield case("update", p, t, threshold, double(update(exact([2.0, 5.0]))), note=str(threshold))
    p, t = exact([0.5, float("nan"), 0.6, float("nan")]), exact([0.0, 0.0, 1.0, 1.0])
    yield case("update", p, t, 0.5, double(update(exact([0.0, 0.0]))), note="edges")
