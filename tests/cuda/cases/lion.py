import numpy as np

from . import array, case, double, exact, update

SIZES = [1, 3, 131, 1030]


def cases():
    rate = double(exact([0.01]))
    for size in SIZES:
        g, m, w = array(size), update(array(size, low=-1, high=1)), update(array(size, low=-2, high=2))
        yield case("update", g, rate, 0.9, 0.99, m, w)
        yield case("update", g, rate, 0.9, 0.999, update(exact(np.zeros(size))), w, note="from zeros")
    g, zeros = exact([0.0, -0.0, 1.0, -1.0, np.nan]), update(exact(np.zeros(5)))
    yield case("update", g, rate, 0.9, 0.99, zeros, update(array(5)), note="signs")
