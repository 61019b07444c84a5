from numbanet.kernels._gates import NAMES

from . import case, exact, out, update
from ._recurrent import Problem, problems

LARGE = (2, 2, 3, 132)  # more than the 128 units of the state that a block takes at a time, and than its 32


def cases():
    for p in (*problems(), Problem(LARGE)):
        yield from calls(p, 0, f"{p}")
    for name in NAMES[1:]:
        yield from calls(Problem((2, 1, 1, 3)), NAMES.index(name), name)


def calls(p, tau, note):
    N, T, _, H = p.size
    x, w, u, b = p.inputs(1)
    if tau:  # beyond the ends of hard_sigmoid as well
        b = exact(b.values * 5.0)
    yield case("forward", x, w, u, b, p.mask, p.keep, p.setting(tau), update(p.begun()), note=note)
    given = p.dh, u, p.mask, p.keep, p.setting(tau), p.states()
    yield case("backward", *given, out(N, T, H), out(N, H), note=note)
