import numpy as np

from . import array, case, exact, integers, out

SIZES = [1, 3, 131, 1030]


def cases():
    for size in SIZES:
        yield case("forward", array(size), out(size))
        yield case("forward", integers(-(2**62), 2**62, size), out(size, dtype=np.int64), note="int64")
    yield case("forward", exact([np.nan, -0.0, 1.0]), out(3), note="NaN")
    yield case("stream", array(131), out(131))
