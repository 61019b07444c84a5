from . import case, out

SIZES = [1, 3, 131, 1030]


def cases():
    for size in SIZES:
        for value in (0.0, 1.0, 0.1):
            yield case("constant", value, out(size), note=f"{value}")
