import numpy as np

from . import array, case, exact, out

SIZES = [1, 3, 4, 131, 1030, 2051]


def cases():
    for size in SIZES:
        for rate in (0.0, 0.3, 0.99):
            given = (rate, 12345, 6, exact([2**40 + 3]))
            yield case("forward", array(size), *given, out(size), out(size), note=f"rate {rate}")
        yield case("backward", array(size), array(size, low=0, high=2), out(size))
    seeds = (-(2**63), -1, exact([0]))
    values = exact([np.nan, 1.0, 0.0, -1.0, np.nan, np.nan, np.nan, np.nan])
    yield case("forward", values, 0.5, *seeds, out(8), out(8), note="NaN")
