import numpy as np

from . import Given, case, exact, out, update

SHAPES = [(1, 1), (4, 2), (50, 13), (20, 131), (3, 1500)]


def problem(N, I):
    """Samples of small whole numbers, whose scores are exact, and the labels of a plane between them."""
    random = np.random.default_rng([N, I])
    x = random.integers(-3, 4, (N, I)).astype(np.float64)
    return exact(x), exact((x @ random.integers(-2, 3, I) > 0.0).astype(np.float64))


def cases():
    for N, I in SHAPES:
        x, t = problem(N, I)
        weights = exact(np.random.default_rng(I).integers(-2, 3, I).astype(np.float64))
        b, mistakes = exact([1.0]), Given(np.zeros(1, np.int64), written=True)
        for rate in (1.0, 0.5):
            yield case("epoch", x, t, rate, update(weights), update(b), mistakes, note=f"rate {rate}")
        yield case("predict", x, weights, b, out(N))
    points, w, b = exact([[1.0, np.nan], [0.0, 0.0], [-2.0, 1.0]]), exact([1.0, 1.0]), exact([0.0])
    yield case("predict", points, w, b, out(3), note="NaN")
