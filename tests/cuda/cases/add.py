from . import array, case, out

SIZES = [1, 3, 131, 1030]


def cases():
    for size in SIZES:
        yield case("forward", array(size), array(size, low=-1, high=1), out(size))
