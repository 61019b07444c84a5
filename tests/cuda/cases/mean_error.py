from . import array, case, double, exact, update
from .binary_accuracy import SHAPES


def cases():
    for function in ("absolute", "squared"):
        for shape in SHAPES:
            p, t = array(*shape), array(*shape, low=0, high=1)
            yield case(function, p, t, double(update(exact([2.5, 5.0]))))
        state = double(update(exact([0.0, 0.0])))
        yield case(function, exact([1.0, float("nan")]), array(2), state, note="nan")
        yield case(function, exact([1e30, 1.0]), exact([-1e30, 1.0]), state, note="large")
