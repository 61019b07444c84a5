import numpy as np

from . import array, case, exact, out

EPSILON = 1e-3
# samples, positions, channels, groups; the first has the largest blocks
SIZES = [
    (2, 521, 12, 4),
    (3, 29, 32, 8),
    (1, 2, 2, 1),
    (2, 3, 4, 2),
    (2, 5, 3, 3),
    (3, 2, 6, 2),
    (2, 4, 4, 1),
    (2, 9, 12, 12),
]
SIZES += [(2, 1, 513, 27), (2, 7, 1032, 3), (2, 3, 1100, 1), (67, 49, 10, 5)]


def cases():
    for N, T, C, G in SIZES:
        x, dy = exact(array(N, T, C).values + 0.5), exact(array(C, T, N).values.T.copy())
        gamma, beta, saved = array(C), array(C, low=-1, high=1), (array(N, G), array(N, G, low=0.5, high=2))
        sums = array(N, C), array(N, C, low=-1, high=1)
        yield case("forward", x, gamma, beta, EPSILON, out(N, G), out(N, G), out(N, T, C))
        yield case("backward_samples", dy, x, *saved, out(N, C), out(N, C))
        yield case("backward_input", dy, x, gamma, *saved, *sums, out(N, T, C))
    N, T, C, G = 3, 50, 8, 2
    gamma, beta, saved = array(C), array(C, low=-1, high=1), (array(N, G), array(N, G, low=0.5, high=2))
    far = exact(np.round(array(N, T, C).values * 64) / 64 + 1e4)
    # what is far from 0 rounds when its mean is written: y is not compared
    yield case("forward", far, gamma, beta, EPSILON, out(N, G), out(N, G), array(N, T, C), note="mean 1e4")
    constant = exact(np.full((N, T, C), -3e4))
    yield case("forward", constant, gamma, beta, EPSILON, out(N, G), out(N, G), out(N, T, C), note="constant")
    x = array(N, T, C).values
    x[1, 2, 5] = np.nan
    yield case("forward", exact(x), gamma, beta, EPSILON, out(N, G), out(N, G), out(N, T, C), note="NaN")
    yield case("backward_samples", array(N, T, C), exact(x), *saved, out(N, C), out(N, C), note="NaN")
    sums = array(N, C).values
    sums[2, 1] = np.nan
    given = exact(sums), array(N, C, low=-1, high=1)
    yield case("backward_input", array(N, T, C), exact(x), gamma, *saved, *given, out(N, T, C), note="NaN")
