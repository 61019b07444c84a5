from . import case, out, update
from ._recurrent import SIGMA, SIZES, TAU, Problem, problems


def cases():
    for number, p in enumerate(problems()):
        yield from reset_after(p, p.setting(0, 1), f"{p}")
        if number % 2:
            yield from reset_before(p, p.setting(0, 1), f"{p}")
    p = Problem(SIZES[2], masked=True)
    yield from reset_after(p, p.setting(TAU, SIGMA), "relu hard_sigmoid")
    yield from reset_before(p, p.setting(TAU, SIGMA), "relu hard_sigmoid")


def reset_after(p, setting, note):
    N, T, _, H = p.size
    x, w, u, b = p.inputs(3, (2,))
    z, v, dz = out(N, T, 3 * H), out(N, T, H), out(2, N, T, 3 * H)
    yield case("forward", x, w, u, b, p.mask, p.keep, setting, z, v, update(p.begun()), note=note)
    given = p.dh, u, p.mask, p.keep, setting, p.gates(3), p.gates(1), p.states()
    yield case("backward", *given, dz, out(N, H), note=note)


def reset_before(p, setting, note):
    N, T, _, H = p.size
    x, w, u, b = p.inputs(3)
    z, v = out(N, T, 3 * H), out(N, T, H)
    yield case("forward_reset_before", x, w, u, b, p.mask, p.keep, setting, z, v, update(p.begun()), note=note)
    z, given = p.gates(3), (p.dh, u, p.mask, p.keep, setting)
    yield case("backward_reset_before", *given, z, p.states(), out(N, T, 3 * H), out(N, H), note=note)
    if p.masked:
        z = update(z)
        yield case("backward_reset_before", *given, z, p.states(), z, out(N, H), note=f"{note} in place")
