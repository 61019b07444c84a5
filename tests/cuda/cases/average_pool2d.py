import numpy as np

from . import array, case, exact, out
from .max_pool2d import SAME, SHAPES


def cases():
    for pool, N, C in SHAPES:
        x, y = (N, *pool.image, C), (N, *pool.positions, C)
        yield case("forward", array(*x), *pool.geometry, out(*y), note=str(pool))
        yield case("backward", array(*y), *pool.geometry, out(*x), note=str(pool))
    # a NaN, or an infinity, is seen by the windows and cells that it belongs to alone
    for C in (3, 4):
        x = array(2, *SAME.image, C).values
        y = array(2, *SAME.positions, C).values
        x[0, 0, 0, 1] = x[1, 6, 5, 0] = x[1, 3, 2, 2] = y[0, 0, 0, 1] = y[1, 3, 2, 0] = y[1, 1, 1, 2] = np.nan
        yield case("forward", exact(x), *SAME.geometry, out(*y.shape), note="NaN")
        yield case("backward", exact(y), *SAME.geometry, out(*x.shape), note="NaN")
