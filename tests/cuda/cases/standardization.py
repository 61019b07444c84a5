import numpy as np

from . import array, case, exact, out

# (R, C, S)
SHAPES = [(1, 1, 1), (13, 3, 1), (5, 64, 1), (3, 2, 5), (2, 1, 301)]


def cases():
    for shape in SHAPES:
        C = shape[1]
        mean, variance = array(C), array(C, low=0.1, high=4)
        yield case("forward", array(*shape), mean, variance, 1e-7, out(*shape))
        yield case("backward", array(*shape), variance, 1e-7, out(*shape))
        yield case("inverse", array(*shape), mean, variance, 1e-7, out(*shape))
        yield case("inverse_backward", array(*shape), variance, 1e-7, out(*shape))
    # a feature that is constant, one that is NaN
    x, variance = exact([[[1.0], [2.0], [3.0]]]), exact([0.0, np.nan, 4.0])
    yield case("forward", x, exact([1.0, 0.0, 2.0]), variance, 1e-3, out(1, 3, 1), note="edges")
    yield case("inverse_backward", x, variance, 1e-3, out(1, 3, 1), note="edges")
