from . import array, case, double, exact, update

SIZES = [1, 3, 131, 1030]


def cases():
    rate = double(exact([0.01]))
    for size in SIZES:
        g, v, w = array(size), update(array(size, low=-1, high=1)), update(array(size, low=-2, high=2))
        yield case("update", g, rate, w)
        yield case("update_momentum", g, rate, 0.9, v, w)
        yield case("update_nesterov", g, rate, 0.9, v, w)
