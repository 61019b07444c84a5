from . import array, case, out

SIZES = [1, 3, 131, 1030]
SHAPES = [(1, 1, 1), (5, 3, 7), (131, 8, 4), (7, 64, 128), (3, 5, 300), (2, 4, 3)]


def cases():
    for R, A, B in SHAPES:
        yield case("concatenate", array(R, A), array(R, B), out(R, A + B))
        yield case("concatenate_backward", array(R, A + B), out(R, A), out(R, B))
    for size in SIZES:
        a, b, dy = array(size), array(size, low=-1, high=1), array(size, low=1, high=2)
        yield case("multiply", a, b, out(size))
        yield case("multiply_backward", dy, a, b, out(size), out(size))
        yield case("average", a, b, out(size))
        yield case("average_backward", dy, out(size), out(size))
