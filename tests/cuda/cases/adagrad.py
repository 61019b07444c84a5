from . import array, case, double, exact, update

SIZES = [1, 3, 131, 1030]


def cases():
    rate = double(exact([0.01]))
    for size in SIZES:
        h, w = update(array(size, low=0, high=1)), update(array(size, low=-2, high=2))
        yield case("update", array(size), rate, 1e-7, h, w)
    yield case("update", exact([0.0, 1.0]), rate, 1e-7, update(exact([0.0, 0.0])), update(array(2)), note="from zeros")
