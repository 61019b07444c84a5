import numpy as np

from . import array, case, exact, out

SHAPES = [(1, 1, 1, 1), (3, 5, 4, 3), (2, 7, 3, 8), (5, 2, 9, 1)]


def cases():
    for N, image in [(1, (1, 1)), (7, (5, 9)), (261, (8, 8))]:
        for probability in (0.0, 0.4, 1.0):
            given = -7, 2, exact([11]), probability, image
            sides = (1, image[0]), (1, max(1, image[1] // 2))
            yield case("draw_inside", *given, *sides, out(N, 4), note=f"probability {probability}")
            yield case("draw_centred", *given, (3, 3), (2, 2), out(N, 4), note=f"probability {probability}")
    for N, H, W, C in SHAPES:
        boxes = exact(np.resize(np.array([0.0, H, W // 2, W, 0, 0, 0, 0, H // 3, H - 1, 0, W]), (N, 4)))
        yield case("forward", array(N, H, W, C), boxes, 0.5, out(N, H, W, C))
        yield case("backward", array(N, H, W, C), boxes, out(N, H, W, C))
    # a NaN outside the box passes, one inside does not
    boxes = exact([[0.0, 1.0, 1.0, 3.0]])
    yield case("forward", exact(np.full((1, 2, 3, 4), np.nan)), boxes, 0.5, out(1, 2, 3, 4), note="NaN")
