import numpy as np

from . import array, case, double, exact, update

SIZES = [1, 3, 131, 1030]


def zeros(size):
    return update(exact(np.zeros(size)))


def cases():
    rate = double(exact([0.001]))
    for size in SIZES:
        g, m, w = array(size), update(array(size, low=-1, high=1)), update(array(size, low=-2, high=2))
        v, highest = update(array(size, low=0, high=1)), update(array(size, low=0.4, high=0.6))
        for done in (0, 9, 100_000):
            given = (g, rate, 0.9, 0.999, 1e-7, exact([done]))
            yield case("update", *given, m, v, w, note=f"after {done}")
            yield case("update_amsgrad", *given, m, v, highest, w, note=f"after {done}")
        first = (g, rate, 0.9, 0.999, 1e-7, exact([0]))
        yield case("update", *first, zeros(size), zeros(size), w, note="from zeros")
    g = exact([1.0, np.nan, 0.0, 1e-10, 3.0])
    first = (g, rate, 0.9, 0.999, 1e-7, exact([0]))
    yield case("update", *first, zeros(5), zeros(5), update(array(5)), note="NaN")
    yield case("update_amsgrad", *first, zeros(5), zeros(5), zeros(5), update(array(5)), note="NaN")
