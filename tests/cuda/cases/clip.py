import numpy as np

from . import array, case, double, exact, out, update


def cases():
    nan, inf = float("nan"), float("inf")
    for n in (1, 7, 2048, 6007):
        yield case("by_value", 0.5, update(array(n)))
        for P in (1, 3, 7):
            yield case("square_sums", array(n), double(out(P)), note=f"P={P}")
        for P in (1, 300):
            partial = double(array(P, low=0, high=1))
            for limit in (0.25, 100.0):
                yield case("scale", partial, limit, update(array(n)), note=f"limit={limit}")
    special = exact([1.0, nan, inf, -inf, -0.25])
    yield case("by_value", 0.5, update(special), note="special")
    yield case("square_sums", special, double(out(1)), note="special")
    yield case("square_sums", exact([1e20, -1e30, 1.0]), double(out(1)), note="large")
    yield case("square_sums", exact(np.ones(20)), double(out(7)), note="last piece short")
    for total in (nan, inf):
        yield case("scale", double(exact([1.0, total])), 1.0, update(array(7)), note=str(total))
    yield case("scale", double(exact([1e76])), 1e-3, update(exact([1e38, 1.0])), note="large")
