import numpy as np

from . import array, case, exact, integers, out, update

# samples, steps, features; a row of more than a warp, and rows of more than a block
SIZES = [(1, 1, 1), (3, 5, 7), (2, 9, 8), (33, 3, 12), (2, 3, 131), (40, 31, 3)]


def padded(x, value):
    """X with padding in a third of the steps, and nearly so in another third."""
    values = x.values.copy()
    rows = values.reshape(-1, values.shape[-1])
    rows[::3] = value
    rows[1::3, :-1] = value
    return exact(values)


def cases():
    for N, T, F in SIZES:
        x, mask = array(N, T, F), exact(integers(0, 2, N, T).values.astype(float))
        flat = exact(mask.values.reshape(-1))
        for value in (0.0, -1.5):
            yield case("forward", padded(x, value), value, out(N, T), out(N, T, F), note=f"value {value}")
        yield case("indices", exact(integers(0, 3, N, T).values.astype(float)), out(N, T))
        yield case("weigh", array(N * T), flat, out(N * T))
        yield case("leave_out", flat, update(exact(array(N * T, F).values * np.nan)))
        yield case("backward", x, mask, out(N, T, F))
    yield case("forward", exact(np.full((2, 2, 3), np.nan)), 0.0, out(2, 2), out(2, 2, 3), note="NaN")
    yield case("weigh", array(2500), exact(np.ones(2500)), out(2500))
    yield case("weigh", array(7), exact(np.zeros(7)), out(7), note="none")
