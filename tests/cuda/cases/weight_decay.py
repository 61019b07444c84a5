from . import array, case, double, exact, update

SIZES = [1, 3, 131, 1030]


def cases():
    for size in SIZES:
        yield case("apply", double(exact([0.01])), 0.04, update(array(size)))
