"""The LSTM's way back: gates, cell state and time."""

from __future__ import annotations

from typing import Any

from ..sheet import Mistake, Piece, Sheet
from .recurrent import (
    BACK,
    BACK_U,
    BIAS,
    KEPT,
    KERNEL,
    NOTE,
    ORDER,
    RECURRENT,
    SIGMOID,
    SIZES,
    STEP,
    WEIGHTS,
    WHOLE,
    _drawn,
)

FORWARD = Piece(
    "lstm",
    "forward",
    "z c h",
    (
        ("x, w, u, b, mask, keep, setting, z, c, h", "x, w, u, b, z, c, h"),
        ("    back, _, tau, sigma = setting\n", ""),
        STEP,
        ORDER,
        (
            "            if mask[n, s] == 0.0:\n                # F5\n                for j in range(H):\n"
            "                    h[n, q, j] = h[n, p, j]\n                    c[n, q, j] = c[n, p, j]\n"
            "                continue\n",
            "",
        ),
        (KEPT, "total += h[n, s, j] * u[j, o]"),
        ("value(tau if o // H == 2 else sigma, total)", "math.tanh(total) if o // H == 2 else sigmoid(total)"),
        ("value(tau, c[n, q, j])", "math.tanh(c[n, q, j])"),
        ("[n, q, j]", "[n, s + 1, j]"),
        ("[n, p, j]", "[n, s, j]"),
    ),
)
BACKWARD = Piece(
    "lstm",
    "backward",
    "dz dh0 dc0",
    (
        *BACK,
        ("dh, u, mask, keep, setting, z, c, dz, dh0, dc0", "dh, u, z, c, dz, dh0, dc0"),
        ("N, T, H = dz.shape", "N, T, H = dh.shape"),
        ("    back, cut, tau, sigma = setting\n", ""),
        ("            p, q = s + back, s + 1 - back\n", ""),
        (
            "            if mask[n, s] == 0.0:\n                # B5\n                for o in range(4 * H):\n"
            "                    dz[n, s, o] = 0.0\n",
            "",
        ),
        ("value(tau, c[n, q, j])", "math.tanh(c[n, s + 1, j])"),
        ("c[n, p, j]", "c[n, s, j]"),
        ("slope(tau, t)", "(1.0 - t * t)"),
        ("slope(tau, g)", "(1.0 - g * g)"),
        ("slope(sigma, i)", "i * (1.0 - i)"),
        ("slope(sigma, f)", "f * (1.0 - f)"),
        ("slope(sigma, o)", "o * (1.0 - o)"),
        (
            "                # B6\n                for j in range(H):\n                    dh0[n, j] = 0.0\n"
            "                    dc0[n, j] = 0.0",
            "",
        ),
    ),
)


def arguments(sizes: Any, random: Any, loops: Any) -> Any:
    a = _drawn(sizes, random, 4)
    loops["forward"](a["x"], a["w"], a["u"], a["b"], a["z"], a["c"], a["h"])
    loops["backward"](a["dh"], a["u"], a["z"], a["c"], a["dz"], a["dh0"], a["dc0"])
    return a | {"h0": a["h"][:, 0].copy(), "c0": a["c"][:, 0].copy()}


def loss(loops: Any, a: Any) -> float:
    h, c = a["h"].copy(), a["c"].copy()
    h[:, 0], c[:, 0] = a["h0"], a["c0"]
    loops["forward"](a["x"], a["w"], a["u"], a["b"], a["z"].copy(), c, h)
    return float((h[:, 1:] * a["dh"]).sum())


E = "e = dc0[n, j] + a * o * (1.0 - t * t)"
CARRIED = "dc0[n, j] = e * f"
DI, DF = "dz[n, s, j] = e * g * i * (1.0 - i)", "dz[n, s, H + j] = e * c[n, s, j] * f * (1.0 - f)"
DG = "dz[n, s, 2 * H + j] = e * i * (1.0 - g * g)"
DO = "dz[n, s, 3 * H + j] = a * t * o * (1.0 - o)"
GATES = "i, f, g, o = z[n, s, j], z[n, s, H + j], z[n, s, 2 * H + j], z[n, s, 3 * H + j]"
ACCUMULATED = Mistake(
    "the gradients that come back add up over the steps: B4 replaces a, it does not add to it",
    ((WHOLE, WHOLE.replace("=", "+=")),),
)
EXCHANGED = "the gates are in the wrong order: the parts of 4H are i, f, g, o"
LSTM = Sheet(
    name="lstm_backward",
    line="the gradients of an LSTM: four gates, the cell state, and time",
    note=NOTE + " tau is tanh and sigma the sigmoid; z holds i, f, g, o after F2.",
    given=(SIGMOID, FORWARD),
    asked=(BACKWARD, KERNEL, RECURRENT, BIAS),
    sizes=SIZES,
    arguments=arguments,
    loss=loss,
    slopes={"dw": "w", "du": "u", "db": "b", "dh0": "h0", "dc0": "c0"},
    mistakes=(
        Mistake(
            "the cell's gradient is not carried to the step before: B4 has e = e f", ((CARRIED, "dc0[n, j] = 0.0"),)
        ),
        Mistake("the forget gate is missing in B4: e = e f", ((CARRIED, "dc0[n, j] = e"),)),
        Mistake(
            "the input gate stands where the forget gate belongs in B4: e = e f", ((CARRIED, "dc0[n, j] = e * i"),)
        ),
        Mistake("the cell's gradients add up over the steps: B4 replaces e", ((CARRIED, "dc0[n, j] += e * f"),)),
        Mistake("what later steps handed back to the cell is not added in B2", ((E, "e = a * o * (1.0 - t * t)"),)),
        Mistake("the derivative of tanh(c) is left out of B2", ((E, "e = dc0[n, j] + a * o"),)),
        Mistake("the output gate is left out of B2", ((E, "e = dc0[n, j] + a * (1.0 - t * t)"),)),
        Mistake(
            "the derivative is taken at c, not at tanh(c): B2 has 1 - tanh(c)^2",
            ((E, "e = dc0[n, j] + a * o * (1.0 - c[n, s + 1, j] ** 2)"),),
        ),
        Mistake("nothing of h comes back through time: a of B4 is not carried", ((WHOLE, "dh0[n, j] = 0.0"),)),
        ACCUMULATED,
        Mistake(
            "the recurrent weights are read transposed: B4 has dz u^T, u[j, o]",
            ((BACK_U, "total += dz[n, s, o] * u[o % H, o - o % H + j]"),),
        ),
        Mistake(
            "only the last step's dh is used: B1 adds dh of every step",
            (("dh0[n, j] += dh[n, s, j]", "dh0[n, j] += dh[n, s, j] if s == T - 1 else 0.0"),),
        ),
        Mistake(
            "the gradient of a step's own output replaces what came back: B1 adds them",
            (("dh0[n, j] += dh[n, s, j]", "dh0[n, j] = dh[n, s, j]"),),
        ),
        Mistake(
            "the steps run forward in time: backward begins with the last", (("range(T - 1, -1, -1)", "range(T)"),)
        ),
        Mistake(
            "the derivative of the gates' activation is left out of B3",
            (
                (DI, "dz[n, s, j] = e * g"),
                (DF, "dz[n, s, H + j] = e * c[n, s, j]"),
                (DG, "dz[n, s, 2 * H + j] = e * i"),
                (DO, "dz[n, s, 3 * H + j] = a * t"),
            ),
        ),
        Mistake("the derivative of the input gate is left out of B3", ((DI, "dz[n, s, j] = e * g"),)),
        Mistake("the derivative of the forget gate is left out of B3", ((DF, "dz[n, s, H + j] = e * c[n, s, j]"),)),
        Mistake("the derivative of the candidate g is left out of B3", ((DG, "dz[n, s, 2 * H + j] = e * i"),)),
        Mistake("the derivative of the output gate is left out of B3", ((DO, "dz[n, s, 3 * H + j] = a * t"),)),
        Mistake(
            "the candidate g is a tanh: its derivative is 1 - g^2",
            ((DG, "dz[n, s, 2 * H + j] = e * i * g * (1.0 - g)"),),
        ),
        Mistake(
            "the forget gate's gradient takes the new cell state: B3 has the one before the step",
            ((DF, DF.replace("c[n, s, j]", "c[n, s + 1, j]")),),
        ),
        Mistake(
            "tanh is left out: the output gate's gradient is a tanh(c)", ((DO, DO.replace("t *", "c[n, s + 1, j] *")),)
        ),
        Mistake(
            "the output gate's gradient takes e, that of the cell: B3 has a, that of h",
            ((DO, DO.replace("= a", "= e")),),
        ),
        Mistake(
            EXCHANGED, ((GATES, "i, f, o, g = z[n, s, j], z[n, s, H + j], z[n, s, 2 * H + j], z[n, s, 3 * H + j]"),)
        ),
        Mistake(
            EXCHANGED, ((GATES, "f, i, g, o = z[n, s, j], z[n, s, H + j], z[n, s, 2 * H + j], z[n, s, 3 * H + j]"),)
        ),
        Mistake(
            EXCHANGED + " (in dz)",
            (("dz[n, s, j]", "dz?"), ("dz[n, s, H + j]", "dz[n, s, j]"), ("dz?", "dz[n, s, H + j]")),
        ),
        Mistake(
            EXCHANGED + " (in dz)",
            (
                ("dz[n, s, 2 * H + j]", "dz?"),
                ("dz[n, s, 3 * H + j]", "dz[n, s, 2 * H + j]"),
                ("dz?", "dz[n, s, 3 * H + j]"),
            ),
        ),
        *WEIGHTS,
    ),
)
