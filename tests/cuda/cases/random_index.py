from . import case, exact, out

SHAPES = [(1, 1), (5, 7), (3, 64), (131, 3)]


def cases():
    for N, L in SHAPES:
        for axis in (0, 1):
            yield case("reversal", -7, 2, exact([11]), axis, out(N, L), note=f"axis {axis}")
        for bounds in ((0, 0), (-L, L), (-1, L // 2)):
            for mode in ("constant", "nearest", "reflect", "wrap"):
                yield case(mode, -7, 2, exact([11]), 1, L, *bounds, out(N, L), note=f"shifts {bounds}")
        # a crop
        yield case("constant", -7, 2, exact([2**33 + 1]), 3, L + 4, -4, 0, out(N, L), note="crop")
