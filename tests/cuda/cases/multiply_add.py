from . import array, case, update

TURNS = [0, 1, 15, 16, 35]  # the loop takes 16 at a time
SIZES = [1, 3, 255, 2048, 2051]  # a block has 2048


def cases():
    for size in SIZES:
        yield case("repeat", 0.9, 0.3, 35, update(array(size)), note="35")
    for turns in TURNS[:-1]:
        yield case("repeat", -0.7, 1.1, turns, update(array(259)), note=f"{turns}")
