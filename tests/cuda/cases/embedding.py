import numpy as np

from . import array, case, exact, integers, out

# positions, rows of the table, columns: more positions than a block looks at in a turn, and more rows than blocks
SIZES = [(1, 1, 1), (7, 3, 5), (300, 17, 8), (2100, 5, 33), (64, 131, 4)]


def named(R, V):
    return exact(integers(0, V, R).values.astype(float))


def cases():
    for R, V, E in SIZES:
        x, dy = named(R, V), array(R, E)
        yield case("forward", x, array(V, E), out(R, E))
        yield case("backward", dy, x, out(V, E))
    often = exact(np.where(np.arange(400) % 5 == 0, 2.0, 0.0))
    yield case("backward", array(400, 3), often, out(4, 3), note="frequent")
