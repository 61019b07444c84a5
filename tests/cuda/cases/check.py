import numpy as np

from . import array, case, exact, integers, out, update

SIZES = (1, 7, 2048, 6007)


def cases():
    flag, nan, inf = out(1, dtype=np.int64), float("nan"), float("inf")
    for n in SIZES:
        for bad in (None, nan, inf, -inf):
            x = array(n).values
            x[n // 2] = x[n // 2] if bad is None else bad
            yield case("finite", exact(x), flag, note=f"{bad}")
            for before in (0, 1):
                yield case("expect_finite", update(exact([before])), exact(x), note=f"{bad} {before} {n}")
        yield case("between", array(n, low=-1, high=1), -1.0, 1.0, flag, note="inside")
        for bad in (nan, inf, -1.5):
            x = array(n, low=-1, high=1).values
            x[-1] = bad
            yield case("between", exact(x), -1.0, 1.0, flag, note=f"{bad}")
        yield case("labels", integers(0, 10, n), 10, flag)
        yield case("indices", exact(integers(0, 10, n).values.astype(float)), 10, flag)
        for bad in (10, -1):
            labels = integers(0, 10, n).values
            labels[n // 3] = bad
            yield case("labels", exact(labels), 10, flag, note=f"{bad}")
        for bad in (10.0, -1.0, 2.5, nan, inf):
            x = integers(0, 10, n).values.astype(float)
            x[n // 3] = bad
            yield case("indices", exact(x), 10, flag, note=f"{bad}")
    yield case("finite", exact(np.full(3000, nan)), flag, note="all nan")
    yield case("expect_finite", update(exact([0])), exact(np.full(3000, nan)), note="all nan")
