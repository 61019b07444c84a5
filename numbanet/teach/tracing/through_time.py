"""The gates and states of a recurrent layer, and their gradients, at each step of a traced sequence.

Names are those of the operations' contracts: for an LSTM the gates i, f, g, o and the states c, h; for a GRU the update
gate g, the reset gate r, the candidate c, the state's part v of it, and h; for a SimpleRNN h. Each (N, T, H), states
as they are after the step, in the order of the input's time; h0 and c0 (N, H) are those before the first.

Two kinds of gradients are to be told apart. dz_i is dL by what sigma is applied to, as the kernel wrote it: backward
puts it in the place of the gate. di is dL by the gate itself, and dz_i = di sigma'(i). dh and dc are dL by the states
with all that comes through later steps, the a and e of the contracts. The kernels keep none of di, dh and dc: they
are made here of what the kernels read and wrote, by the equations that are named. "delta" is all of dz.
At steps that do not count a gate is NaN, and its gradient 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels import _gates

_value = np.vectorize(_gates.value, otypes=[float])
_slope = np.vectorize(_gates.slope, otypes=[float])


def lstm(forward: Any, backward: Any) -> dict[str, Any]:
    """Of the steps of numbanet.kernels.lstm: i, f, g, o, c, h, and the gradients of all of them."""
    a, dz = backward.arguments, backward.written["dz"]
    keep, (*_, tau, _), counts = _keep(a), a["setting"], a["mask"][..., None] != 0.0
    i, f, g, o = _split(a["z"], 4)
    before, after = _states(a["c"], a["setting"])
    t = _value(tau, after)
    # B1, B4
    dh = _through_time(a, a["dh"], lambda s, _: (dz[:, s] @ a["u"].T) * keep)
    # B2, B4
    dc = _through_time(a, np.where(counts, dh * o * _slope(tau, t), 0.0), lambda s, e: e * f[:, s])
    # B3
    gates = {"i": (i, dc * g), "f": (f, dc * before), "g": (g, dc * i), "o": (o, dh * t)}
    states = {"c": (a["c"], dc), "h": (forward.written["h"], dh)}
    return _named(backward, gates, states, dz)


def gru(forward: Any, backward: Any) -> dict[str, Any]:
    """Of the steps of numbanet.kernels.gru, whichever side of the product the reset gate is on: g, r, c, v, h."""
    a, both = backward.arguments, backward.written["dz"]
    keep, v, u, H = _keep(a), forward.written["v"], a["u"], len(a["u"])
    dz, dr = both if both.ndim == 4 else (both, both)
    g, r, c = _split(a["z"], 3)
    before, _ = _states(a["h"], a["setting"])
    if both.ndim == 4:
        # B1, B4
        dh = _through_time(a, a["dh"], lambda s, d: d * g[:, s] + (dr[:, s] @ u.T) * keep)
        # B3, B2
        dv = dr[..., 2 * H :]
        of_reset = dz[..., 2 * H :] * v
    else:
        dv = dz[..., 2 * H :] @ u[:, 2 * H :].T
        e = dv * keep[:, None]
        # B1, B6
        gates_back = dz[..., : 2 * H] @ u[:, : 2 * H].T * keep[:, None]
        dh = _through_time(a, a["dh"], lambda s, d: d * g[:, s] + e[:, s] * r[:, s] + gates_back[:, s])
        # B5
        of_reset = e * before
    gates = {"g": (g, dh * (before - c)), "r": (r, of_reset), "c": (c, dh * (1.0 - g))}
    found = _named(backward, gates, {"h": (a["h"], dh)}, dz)
    return found | {"v": _counted(a, v, np.nan), "dv": _counted(a, dv, 0.0)}


def simple_rnn(forward: Any, backward: Any) -> dict[str, Any]:
    """Of the steps of numbanet.kernels.simple_rnn: h."""
    a, dz = backward.arguments, backward.written["dz"]
    keep = _keep(a)
    # B1, B3
    dh = _through_time(a, a["dh"], lambda s, _: (dz[:, s] @ a["u"].T) * keep)
    return _named(backward, {}, {"h": (a["h"], dh)}, dz)


def _through_time(a: dict[str, Any], added: Any, handed: Callable[[int, Any], Any]) -> Any:
    """The gradient (N, T, H) of a state after each step, against the order of time.

    added (N, T, H): what comes to it at the step, or (N, 1, H) at the last one alone. handed(s, gradient): what step s
    hands back of it.
    """
    (N, T), (back, cut, *_) = a["mask"].shape, a["setting"]
    found = np.zeros((N, T, added.shape[2]))
    gradient = np.zeros((N, added.shape[2]))
    for step in range(T):
        s = step if back else T - 1 - step
        if added.shape[1] == T or step == 0:
            gradient = gradient + added[:, min(s, added.shape[1] - 1)]
        found[:, s] = gradient
        gradient = np.where(a["mask"][:, s, None] != 0.0, handed(s, gradient), gradient)
        if cut and (T - 1 - step) % cut == 0:
            gradient = np.zeros_like(gradient)
    return found


def _named(backward: Any, gates: dict[str, Any], states: dict[str, Any], dz: Any) -> dict[str, Any]:
    """Gates and states, each a pair of values and gradients, by their names; of the gates also dz's parts."""
    a, found = backward.arguments, {}
    for name, (values, _) in gates.items():
        found[name] = _counted(a, values, np.nan)
    for name, (values, _) in states.items():
        found[name] = _states(values, a["setting"])[1]
        found[f"{name}0"] = values[:, -1 if a["setting"][0] else 0]
    for name, (_, gradient) in (gates | states).items():
        whole = gradient if name in states else _counted(a, gradient, 0.0)
        found[f"d{name}"] = whole.astype(dz.dtype)
    for name in states:
        found[f"d{name}0"] = backward.written[f"d{name}0"]
    for name, part in zip(gates, _split(dz, len(gates)), strict=True) if gates else ():
        found[f"dz_{name}"] = part
    return found | {"mask": a["mask"], "delta": dz}


def _counted(a: dict[str, Any], values: Any, otherwise: float) -> Any:
    """The values at steps that count."""
    return np.where(a["mask"][..., None] != 0.0, values, values.dtype.type(otherwise))


def _states(h: Any, setting: tuple[int, ...]) -> tuple[Any, Any]:
    """The states (N, T, H) before and after each step, of all T + 1."""
    back, T = setting[0], h.shape[1] - 1
    return h[:, back : back + T], h[:, 1 - back : 1 - back + T]


def _split(z: Any, parts: int) -> list[Any]:
    return np.split(z, parts, axis=-1)


def _keep(a: dict[str, Any]) -> Any:
    """What recurrent dropout multiplies states with; ones (1, 1) without it."""
    return a["keep"] if a["keep"].size else np.ones((1, 1), a["keep"].dtype)
