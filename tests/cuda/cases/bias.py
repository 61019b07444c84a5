from . import array, case, update

SIZES = [(1, 1), (7, 3), (131, 4), (5, 131), (3, 260), (1030, 2)]


def cases():
    for R, C in SIZES:
        yield case("forward", array(C), update(array(R, C)))
