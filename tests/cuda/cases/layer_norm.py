import numpy as np

from . import array, case, exact, out

EPSILON = 1e-3
# rows, channels, parts, of which one of (4, 2, 3) is empty; the first has the largest blocks
SIZES = [(2100, 4, 2), (37, 64, 3), (1, 4, 1), (5, 3, 2), (4, 2, 3), (13, 8, 2), (300, 7, 6), (67, 36, 3)]
SIZES += [(7, 511, 2), (5, 1025, 2), (3, 2100, 2), (700, 3, 2), (530, 97, 3)]


def cases():
    for R, C, P in SIZES:
        x, dy = exact(array(R, C).values + 0.5), exact(array(C, R).values.T.copy())
        gamma, beta, mean, inverse = array(C), array(C, low=-1, high=1), array(R), array(R, low=0.5, high=2)
        yield case("forward", x, gamma, beta, EPSILON, out(R), out(R), out(R, C))
        yield case("backward_input", dy, x, gamma, mean, inverse, out(R, C))
        yield case("backward_parts", dy, x, mean, inverse, out(P, C), out(P, C))
    yield case("forward", array(7, 1), array(1), array(1, low=1, high=2), EPSILON, out(7), out(7), out(7, 1))
    for C in (300, 37):
        gamma, beta = array(C), array(C, low=-1, high=1)
        far = exact(np.round(array(5, C).values * 64) / 64 + 1e4)
        yield case("forward", far, gamma, beta, EPSILON, out(5), out(5), array(5, C), note="mean 1e4")
        x = array(5, C).values
        x[1, C - 1] = x[3, 0] = np.nan
        saved = array(5), array(5, low=0.5, high=2)
        yield case("forward", exact(x), gamma, beta, EPSILON, out(5), out(5), out(5, C), note="NaN")
        yield case("backward_input", array(5, C), exact(x), gamma, *saved, out(5, C), note="NaN")
        yield case("backward_parts", array(5, C), exact(x), *saved, out(2, C), out(2, C), note="NaN")
        constant = exact(np.full((3, C), -3e4))
        yield case("forward", constant, gamma, beta, EPSILON, out(3), out(3), out(3, C), note="constant")
