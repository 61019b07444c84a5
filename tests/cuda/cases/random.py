import numpy as np

from . import Given, case, double, out

SIZES = [1, 2, 3, 4, 131, 1030, 2051]
ADDRESSES = [(0, 0, 0), (2**63 - 1, -1, 2**40 + 5), (-(2**63), 2**33 + 1, -3)]


def cases():
    for size in SIZES:
        for address in ADDRESSES[: 3 if size < 1000 else 1]:
            seed, stream, step = address
            note = f"{size} from {seed} {stream} {step}"
            yield case("words", *address, Given(np.zeros(size, np.uint32), written=True), note=note)
            yield case("uniform", *address, double(out(size)), note=note)
            yield case("normal", *address, double(out(size)), note=note)
