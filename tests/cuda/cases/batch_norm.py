import numpy as np

from . import array, case, exact, out, update

EPSILON, MOMENTUM = 1e-3, 0.9
# rows, channels, parts, of which one of (4, 2, 3) is empty; the first has the largest blocks
SIZES = [
    (2100, 12, 2),
    (131, 32, 3),
    (1, 2, 1),
    (4, 2, 3),
    (13, 3, 2),
    (10, 7, 6),
    (61, 64, 1),
    (7, 511, 2),
    (5, 1025, 2),
]
SIZES += [(1031, 1, 4), (8209, 5, 2), (1500, 36, 9), (2000, 8, 128)]


def given(R, C):
    """x, dy, then mean, variance, gamma, beta of the channels."""
    x, dy = array(R, C).values + 0.5, array(C, R).values.T.copy()
    return exact(x), exact(dy), array(C), array(C, low=0.5, high=2), array(1, C), array(1, 1, C)


def of_channels(*arrays):
    return [exact(a.values.reshape(-1)) for a in arrays]


def cases():
    for R, C, P in SIZES:
        x, dy, mean, variance, *rest = given(R, C)
        gamma, beta = of_channels(*rest)
        yield case("partial_statistics", x, out(P, C), out(P, C))
        yield from combined(x, P)
        yield case("forward", x, mean, variance, gamma, beta, EPSILON, out(R, C))
        yield case("backward_parts", dy, x, mean, variance, EPSILON, out(P, C), out(P, C))
        sums = beta, gamma
        yield case("backward_input", dy, x, mean, variance, gamma, EPSILON, *sums, out(R, C))
        yield case("backward_input_of_inference", dy, variance, gamma, EPSILON, out(R, C))
    # the mean far above the deviation, also with a first row that is far from all others
    for R, C, P in ((500, 8, 4), (3000, 3, 2)):
        far = np.round(array(R, C).values * 64) / 64 + 1e4
        yield case("partial_statistics", exact(far), out(P, C), out(P, C), note="mean 1e4")
        yield from combined(exact(far), P, note="mean 1e4")
        far[0] = 9e3
        yield case("partial_statistics", exact(far), out(P, C), out(P, C), note="far from the first row")
    x, dy, mean, variance, *rest = given(13, 4)
    x.values[5, 1] = dy.values[7, 2] = np.nan
    gamma, beta = of_channels(*rest)
    yield case("partial_statistics", x, out(2, 4), out(2, 4), note="NaN")
    yield from combined(x, 2, note="NaN")
    yield case("forward", x, mean, variance, gamma, beta, EPSILON, out(13, 4), note="NaN")
    yield case("backward_parts", dy, x, mean, variance, EPSILON, out(2, 4), out(2, 4), note="NaN")
    yield case("partial_statistics", exact(np.full((77, 3), -3e4)), out(3, 3), out(3, 3), note="constant")


def combined(x, P, note=""):
    """`statistics` of what `partial_statistics` has found."""
    C, L = x.values.shape[1], -(-len(x.values) // P)
    means, squares = np.zeros((2, P, C))
    for p in range(P):
        part = x.values[p * L : p * L + L] - x.values[0]
        if len(part):
            means[p], squares[p] = part.mean(0), part.var(0) * len(part)
    sums = [exact(a.astype(np.float32).astype(np.float64)) for a in (means, squares)]
    moving = update(array(C)), update(array(C, low=0.5, high=2))
    yield case("statistics", x, *sums, MOMENTUM, out(C), out(C), *moving, note=note)
