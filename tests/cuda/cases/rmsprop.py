import numpy as np

from . import array, case, double, exact, update

SIZES = [1, 3, 131, 1030]


def calls(g, s, mean, v, w, rho, note):
    given = (g, double(exact([0.01])), rho, 1e-7)
    yield case("update", *given, s, w, note=note)
    yield case("update_momentum", *given, 0.9, s, v, w, note=note)
    yield case("update_centered", *given, s, mean, w, note=note)
    yield case("update_centered_momentum", *given, 0.9, s, mean, v, w, note=note)


def cases():
    for size in SIZES:
        mean, w = update(array(size, low=-0.5, high=0.5)), update(array(size, low=-2, high=2))
        s, v = update(array(size, low=1, high=2)), update(array(size, low=-1, high=1))
        yield from calls(array(size), s, mean, v, w, 0.9, "")
        zeros = [update(exact(np.zeros(size))) for _ in range(3)]
        yield from calls(array(size, low=1, high=2), *zeros, w, 0.99, "from zeros")
    # a variance below zero is none
    g, s = exact([1.0, 1.0, np.nan]), update(exact([0.25, 0.5, 1.0]))
    mean, v = update(exact(np.ones(3))), update(exact(np.ones(3)))
    yield from calls(g, s, mean, v, update(array(3)), 0.9, "NaN")
