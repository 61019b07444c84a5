"""Backpropagation through time: SimpleRNN and LSTM."""

from __future__ import annotations

from typing import Any

from ..sheet import Edit, Mistake, Piece, Sheet

SIZES = ({"N": 3, "T": 3, "I": 3, "H": 3}, {"N": 2, "T": 4, "I": 3, "H": 2}, {"N": 1, "T": 1, "I": 1, "H": 1})
SIGMOID = Piece("activations", "_sigmoid", name="sigmoid")
STEP: Edit = ("for step in range(T)", "for s in range(T)")
ORDER: Edit = ("            s = T - 1 - step if back else step\n            p, q = s + back, s + 1 - back\n", "")
KEPT = "kept = h[n, p, j] * keep[n, j] if keep.size else h[n, p, j]\n                    total += kept * u[j, o]"
RNN_FORWARD = Piece(
    "simple_rnn",
    "forward",
    "h",
    (
        ("x, w, u, b, mask, keep, setting, h", "x, w, u, b, h"),
        ("    back, _, tau = setting\n", ""),
        STEP,
        ORDER,
        (
            "                if mask[n, s] == 0.0:\n                    # F2\n"
            "                    h[n, q, o] = h[n, p, o]\n                    continue\n",
            "",
        ),
        (KEPT, "total += h[n, s, j] * u[j, o]"),
        ("h[n, q, o] = value(tau, total)", "h[n, s + 1, o] = math.tanh(total)"),
    ),
)
BACK: tuple[Edit, ...] = (
    ("N, T = mask.shape\n    H = u.shape[0]", "N, T, H = dz.shape"),
    ("for step in range(T):\n            s = step if back else T - 1 - step", "for s in range(T - 1, -1, -1):"),
    (
        "            if dh.shape[1] == T or step == 0:\n                for j in range(H):\n",
        "            for j in range(H):\n",
    ),
    ("dh[n, min(s, dh.shape[1] - 1), j]", "dh[n, s, j]"),
    ("for j in range(H if mask[n, s] != 0.0 else 0)", "for j in range(H)"),
    ("total * keep[n, j] if keep.size else total", "total"),
    ("            if cut and (T - 1 - step) % cut == 0:\n", ""),
)
RNN_BACKWARD = Piece(
    "simple_rnn",
    "backward",
    "dz dh0",
    (
        *BACK,
        ("dh, u, mask, keep, setting, h, dz, dh0", "dh, u, h, dz, dh0"),
        ("    back, cut, tau = setting\n", ""),
        ("            q = s + 1 - back\n", ""),
        (
            "                # B2, B4\n                dz[n, s, j] = 0.0 if mask[n, s] == 0.0 else dh0[n, j] * "
            "slope(tau, h[n, q, j])",
            "                # B2\n                dz[n, s, j] = dh0[n, j] * (1.0 - h[n, s + 1, j] ** 2)",
        ),
        ("                # B5\n                for j in range(H):\n                    dh0[n, j] = 0.0", ""),
    ),
)
SUMS = (
    ("dz, a, mask, keep, shift, columns, dw", "dz, x, dw"),
    ("N, T = mask.shape\n    I = a.shape[2]", "N, T, I = x.shape\n    O = dz.shape[2]"),
    ("range(columns[0], columns[1])", "range(O)"),
    ("                    if mask[n, s] != 0.0:\n", ""),
    ("kept = a[n, s + shift, i] * keep[n, i] if keep.size else a[n, s + shift, i]\n                        ", ""),
    ("total += kept * dz[n, s, o]", "total += x[n, s, i] * dz[n, s, o]"),
)
OWN = (
    ("dz, x, dw", "dz, h, du"),
    ("N, T, I = x.shape\n    O = dz.shape[2]", "N, T, O = dz.shape\n    H = h.shape[2]"),
    ("for i in range(I)", "for j in range(H)"),
    ("x[n, s, i]", "h[n, s, j]"),
    ("dw[i, o]", "du[j, o]"),
)
KERNEL = Piece("time_sum", "backward_kernel", "dw", SUMS)
RECURRENT = Piece("time_sum", "backward_kernel", "du", (*SUMS, *OWN), "backward_recurrent")
BIAS = Piece(
    "time_sum", "backward_bias", "db", (("dz, mask, db", "dz, db"), ("                if mask[n, s] != 0.0:\n", ""))
)


def _drawn(sizes: Any, random: Any, gates: int) -> Any:
    N, T, I, H = sizes["N"], sizes["T"], sizes["I"], sizes["H"]
    shapes = {
        **{"x": (N, T, I), "w": (I, gates * H), "u": (H, gates * H), "b": (gates * H,), "h": (N, T + 1, H)},
        **{"dh": (N, T, H), "dz": (N, T, gates * H), "dw": (I, gates * H), "du": (H, gates * H), "db": (gates * H,)},
        **{"dh0": (N, H), "c": (N, T + 1, H), "z": (N, T, gates * H), "dc0": (N, H)},
    }
    return {name: random.uniform(-1.0, 1.0, shape) for name, shape in shapes.items()}


def _rnn_arguments(sizes: Any, random: Any, loops: Any) -> Any:
    a = _drawn(sizes, random, 1)
    loops["forward"](a["x"], a["w"], a["u"], a["b"], a["h"])
    loops["backward"](a["dh"], a["u"], a["h"], a["dz"], a["dh0"])
    a["h0"] = a["h"][:, 0].copy()
    return a


def rnn_loss(loops: Any, a: Any) -> float:
    h = a["h"].copy()
    h[:, 0] = a["h0"]
    loops["forward"](a["x"], a["w"], a["u"], a["b"], h)
    return float((h[:, 1:] * a["dh"]).sum())


NOTE = "Time goes forward, every mask is 1, nothing is dropped or cut: back = cut = 0, p = s, q = s + 1."
SLOPE = "dh0[n, j] * (1.0 - h[n, s + 1, j] ** 2)"
BACK_U = "total += dz[n, s, o] * u[j, o]"
RECEIVED = "dh0[n, j] += dh[n, s, j]"
BIAS_SUM = "total += dz[n, s, o]\n        db[o]"
WHOLE = "dh0[n, j] = total"
WEIGHTS = (
    Mistake(
        "the gradient is not summed over time: only the last step counts",
        (("x[n, s, i] * dz[n, s, o]", "x[n, s, i] * dz[n, s, o] * (s == T - 1)"),),
    ),
    Mistake(
        "the gradient is not summed over time: only the last step counts",
        (("h[n, s, j] * dz[n, s, o]", "h[n, s, j] * dz[n, s, o] * (s == T - 1)"),),
    ),
    Mistake(
        "the gradient is not summed over time: only the last step counts",
        ((BIAS_SUM, "total += dz[n, s, o] * (s == T - 1)\n        db[o]"),),
    ),
    Mistake(
        "the gradient is not summed over time: only the first step counts",
        ((BIAS_SUM, "total += dz[n, s, o] * (s == 0)\n        db[o]"),),
    ),
    Mistake(
        "the gradient is not summed over the batch: only the last sample counts",
        ((BIAS_SUM, "total += dz[n, s, o] * (n == N - 1)\n        db[o]"),),
    ),
    Mistake("it is the mean over time: all steps add up", ((BIAS_SUM, "total += dz[n, s, o] / T\n        db[o]"),)),
    Mistake(
        "it is the mean over time: all steps add up", (("x[n, s, i] * dz[n, s, o]", "x[n, s, i] * dz[n, s, o] / T"),)
    ),
    Mistake(
        "it is the mean over time: all steps add up", (("h[n, s, j] * dz[n, s, o]", "h[n, s, j] * dz[n, s, o] / T"),)
    ),
    Mistake(
        "the state after the step stands where the one before it belongs: h[:, s] went into u",
        (("h[n, s, j] * dz", "h[n, s + 1, j] * dz"),),
    ),
)
RNN = Sheet(
    name="simple_rnn_backward",
    line="backpropagation through time, with the weights' gradients summed over the steps",
    note=NOTE,
    given=(RNN_FORWARD,),
    asked=(RNN_BACKWARD, KERNEL, RECURRENT, BIAS),
    sizes=SIZES,
    arguments=_rnn_arguments,
    loss=rnn_loss,
    slopes={"dw": "w", "du": "u", "db": "b", "dh0": "h0"},
    mistakes=(
        Mistake(
            "nothing comes back through time: a of B3 is not carried to the step before", ((WHOLE, "dh0[n, j] = 0.0"),)
        ),
        Mistake("the derivative of the activation is left out of B2", ((SLOPE, "dh0[n, j]"),)),
        Mistake(
            "the derivative is taken at the state before the step: B2 has h[:, s + 1]",
            ((SLOPE, SLOPE.replace("s + 1", "s")),),
        ),
        Mistake(
            "tanh is applied to h once more: B2 takes its derivative from the value",
            ((SLOPE, "dh0[n, j] * (1.0 - math.tanh(h[n, s + 1, j]) ** 2)"),),
        ),
        Mistake(
            "this is the sigmoid's derivative: that of tanh is 1 - h^2",
            ((SLOPE, "dh0[n, j] * h[n, s + 1, j] * (1.0 - h[n, s + 1, j])"),),
        ),
        Mistake(
            "the recurrent weights are read transposed: B3 has dz u^T, u[j, o]",
            ((BACK_U, BACK_U.replace("u[j, o]", "u[o, j]")),),
        ),
        Mistake(
            "the gradient of a step's own output replaces what came back: B1 adds them",
            ((RECEIVED, RECEIVED.replace("+=", "=")),),
        ),
        Mistake(
            "only the last step's dh is used: B1 adds dh of every step",
            ((RECEIVED, "dh0[n, j] += dh[n, s, j] if s == T - 1 else 0.0"),),
        ),
        Mistake("a adds up over the steps: B3 replaces it", ((WHOLE, "dh0[n, j] += total"),)),
        Mistake(
            "the steps run forward in time: backward begins with the last", (("range(T - 1, -1, -1)", "range(T)"),)
        ),
        Mistake(
            "a goes back before the activation's derivative: B3 takes dz",
            ((BACK_U, "total += dz[n, s, o] / (1.0 - h[n, s + 1, o] ** 2) * u[j, o]"),),
        ),
        Mistake(
            "a step's own dh comes in after the derivative: B1 adds it to a, and B2 multiplies both",
            ((RECEIVED, "dh0[n, j] += dh[n, s, j] / (1.0 - h[n, s + 1, j] ** 2)"),),
        ),
        Mistake(
            "the gradient comes back by one step alone: B3 takes all of dz, with what later steps handed back",
            ((BACK_U, "total += dh[n, s, o] * (1.0 - h[n, s + 1, o] ** 2) * u[j, o]"),),
        ),
        *WEIGHTS,
    ),
)
