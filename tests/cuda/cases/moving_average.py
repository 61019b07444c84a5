from . import array, case, exact, out, update

SIZES = [1, 3, 131, 1030]


def cases():
    for size in SIZES:
        w, average = array(size), array(size, low=-1, high=1)
        for done in (2, 1000):
            yield case("follow", 0.99, exact([done]), w, update(average), note=f"after {done}")
        yield case("follow", 0.99, exact([1]), w, out(size), note="the first")
        for done in (1, 4, 6):
            yield case("overwrite", 3, exact([done]), average, update(w), note=f"after {done}")
