import numpy as np

from . import array, case, exact, integers, out, update

# samples, steps, inputs, outputs: one tile, slices of steps, an input or outputs more than a tile
SIZES = [(1, 1, 1, 1), (3, 2, 5, 17), (4, 7, 40, 36), (3, 50, 33, 8), (33, 7, 4, 5)]


def masked(N, T, *arrays):
    """A mask with holes, a sample that is left out, and the arrays with NaN where a step is."""
    mask = integers(0, 4, N, T).values > 0
    mask[N // 2, N > 1 :] = False
    return exact(mask.astype(float)), *(exact(np.where(mask[..., None], a.values, np.nan)) for a in arrays)


def cases():
    for N, T, I, O in SIZES:
        mask, dz, x = masked(N, T, array(N, T, O), array(N, T, I))
        keep, none, states = array(N, I, low=0, high=2), array(N, 0), array(N, T + 1, I)
        yield case("backward_kernel", dz, x, mask, none, 0, (0, O), out(I, O), note="masked")
        yield case("backward_kernel", dz, states, mask, keep, 1, (0, O), out(I, O), note="keep, shift")
        yield case("backward_bias", dz, mask, out(O))
    for N, T, I, O, part in [(3, 2, 5, 17, 11), (4, 7, 40, 36, 24)]:
        dz, states, every = array(N, T, O), array(N, T + 1, I), exact(np.ones((N, T)))
        for shift, columns in ((1, (0, part)), (0, (part, O))):
            given = dz, states, every, array(N, 0), shift, columns
            yield case("backward_kernel", *given, update(array(I, O)), note=f"columns {columns}")
    mask, dz = masked(60, 40, array(60, 40, 37))
    yield case("backward_bias", dz, mask, out(37))
