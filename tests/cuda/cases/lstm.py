from . import case, out, update
from ._recurrent import SIGMA, SIZES, TAU, Problem, problems


def cases():
    for p in problems():
        yield from calls(p, p.setting(0, 1), f"{p}")
    p = Problem(SIZES[2], masked=True)
    yield from calls(p, p.setting(TAU, SIGMA), "relu hard_sigmoid")


def calls(p, setting, note):
    N, T, _, H = p.size
    O = 4 * H
    x, w, u, b = p.inputs(4)
    begun = update(p.begun(1)), update(p.begun())
    yield case("forward", x, w, u, b, p.mask, p.keep, setting, out(N, T, O), *begun, note=note)
    z, given = p.gates(4), (p.dh, u, p.mask, p.keep, setting)
    yield case("backward", *given, z, p.states(2.0), out(N, T, O), out(N, H), out(N, H), note=note)
    if p.masked:
        z = update(z)
        yield case("backward", *given, z, p.states(2.0), z, out(N, H), out(N, H), note=f"{note} in place")
