from . import array, case, out, update

# samples, steps of a, of y, features
SIZES = [(1, 1, 1, 1), (3, 7, 7, 5), (2, 9, 4, 8), (33, 3, 1, 12), (5, 40, 31, 7), (3, 50, 40, 20)]


def cases():
    for N, A, T, F in SIZES:
        a = array(N, A, F)
        yield case("forward", a, A - T, 1, out(N, T, F))
        yield case("forward", a, T - 1, -1, out(N, T, F), note="backwards")
        for first in {0, A - 1}:
            yield case("put", array(N, F), first, update(a), note=f"to {first}")
