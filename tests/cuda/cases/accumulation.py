from . import array, case, update

SIZES = [1, 3, 131, 1030]


def cases():
    for size in SIZES:
        for steps in (1, 3, 8):
            g, total = array(size), array(size, low=-1, high=1)
            yield case("add", steps, g, update(total), note=f"{steps} steps")
            yield case("mean", steps, update(total), update(g), note=f"{steps} steps")
