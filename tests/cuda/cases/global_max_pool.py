import numpy as np

from . import array, case, exact, integers, out, update
from .global_average_pool import SIZES


def numbers(*shape):
    """An argmax that is written: no position has the number before."""
    return update(exact(np.full(shape, -1, np.int32)))


def cases():
    for N, T, C in SIZES:
        yield case("forward", array(N, T, C), numbers(N, C), out(N, C))
        saved = exact(integers(0, T, N, C).values.astype(np.int32))
        yield case("backward", array(N, C), saved, out(N, T, C))
    for T, C in ((5, 3), (300, 8), (700, 1)):
        x = np.random.default_rng(T).integers(-1, 1, (3, T, C)).astype(np.float64)
        yield case("forward", exact(x.copy()), numbers(3, C), out(3, C), note="equal values")
        x[0, T // 2 :, 0] = x[1, T - 1, 0] = x[2, :, 0] = np.nan
        yield case("forward", exact(x.copy()), numbers(3, C), out(3, C), note="NaN")
        x = exact(np.full((3, T, C), -np.inf))  # and so y, which cannot be compared
        yield case("forward", x, numbers(3, C), array(3, C), note="nothing but -inf")
    dy = array(2, 4).values
    dy[0, 1] = np.nan
    yield case("backward", exact(dy), exact(np.full((2, 4), 2, np.int32)), out(2, 6, 4), note="NaN")
