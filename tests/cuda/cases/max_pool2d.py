import numpy as np

from tests.kernels.pools import LARGE, POOLS, Pool

from . import array, case, exact, out, update

SAME = Pool((7, 6), (3, 3), (2, 2), ((1, 1), (0, 1)))
COMMON = Pool((6, 8), (2, 2), (2, 2), ((0, 0), (0, 0)))
LONG = Pool((1, 700), (1, 300), (1, 90), ((0, 0), (20, 0)))  # cells beyond a byte
SHAPES = [(COMMON, 2, 4), (SAME, 3, 3), (SAME, 2, 8), (LARGE, 2, 4), (LARGE, 1, 17), (LONG, 1, 3)]
SHAPES += [(pool, 1 + k % 3, (1, 3, 4, 12)[k % 4]) for k, pool in enumerate(POOLS[::9])]


def argmax_of(pool, x):
    """As the contract has it, with NaN and equal values."""
    (K, L), (S, R), (top, left) = pool.geometry
    P, Q = pool.positions
    (_, bottom), (_, right) = pool.around
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=-np.inf)
    cells = [padded[:, i : i + S * P : S, j : j + R * Q : R][:, :P, :Q] for i in range(K) for j in range(L)]
    return np.argmax(np.stack(cells), 0)


def numbers(shape, integer):
    """An argmax that is written: no cell has the number before."""
    return update(exact(np.full(shape, np.iinfo(integer).max, integer)))


def cases():
    for pool, N, C in SHAPES:
        integer = np.uint8 if np.prod(pool.size) <= 256 else np.int32
        x, y = array(N, *pool.image, C), (N, *pool.positions, C)
        yield case("forward", x, *pool.geometry, numbers(y, integer), out(*y), note=str(pool))
        saved = exact(argmax_of(pool, x.values).astype(integer))
        yield case("backward", array(*y), saved, *pool.geometry, out(*x.values.shape), note=str(pool))
    pool = Pool((5, 4), (3, 3), (1, 1), ((1, 1), (1, 1)))
    for C in (3, 4):
        x = np.random.default_rng(C).integers(-1, 1, (2, 5, 4, C)).astype(np.float64)
        x[0, 1, 2, 0] = x[0, 4, 3, 0] = x[1, 2, 2, 1] = np.nan
        y = (2, 5, 4, C)
        yield case("forward", exact(x), *pool.geometry, numbers(y, np.uint8), out(*y), note="equal values and NaN")
        x = exact(np.full(y, -np.inf))  # and so y, which cannot be compared
        yield case("forward", x, *pool.geometry, numbers(y, np.uint8), array(*y), note="nothing but -inf")
