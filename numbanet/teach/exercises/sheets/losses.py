"""Mean squared error with the mean over the batch, and softmax with cross-entropy."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sheet import Mistake, Piece, Sheet

SIZES = ({"R": 3, "C": 3}, {"R": 5, "C": 2}, {"R": 2, "C": 4}, {"R": 1, "C": 3})
MSE, CE = "mean_squared_error", "softmax_cross_entropy"
PLAIN = (("p, t, weights, losses", "p, t, losses"), ("weights[r] / C", "1.0 / C"))
SLOPE = "2.0 / (R * C) * (p[r, c] - t[r, c])"
MEAN = Piece("mean", "forward", "loss", name="mean")


def _mse_arguments(sizes: Any, random: Any, loops: Any) -> Any:
    R, C = sizes["R"], sizes["C"]
    a = {name: random.standard_normal((R, C)) for name in ("p", "t", "dp")}
    a |= {"losses": np.zeros(R), "loss": np.zeros(1)}
    loops["forward"](a["p"], a["t"], a["losses"])
    return a


def _mse_loss(loops: Any, a: Any) -> float:
    losses, loss = a["losses"].copy(), np.zeros(1)
    loops["forward"](a["p"], a["t"], losses)
    loops["mean"](losses, loss)
    return float(loss[0])


def _wrong(hint: str, slope: str) -> Mistake:
    return Mistake(hint, ((f"dp[r, c] = {SLOPE}", f"dp[r, c] = {slope}"),))


MEAN_SQUARED_ERROR = Sheet(
    name="mse",
    line="the mean squared error, its mean over the batch and its gradient",
    note="Every sample has the weight 1, so weights[r] is left out.",
    given=(),
    asked=(
        Piece(MSE, "forward", "losses", PLAIN),
        MEAN,
        Piece(MSE, "backward", "dp", (("p, t, weights, dp", "p, t, dp"), ("2.0 * weights[r]", "2.0"))),
    ),
    sizes=SIZES,
    arguments=_mse_arguments,
    loss=_mse_loss,
    slopes={"dp": "p"},
    mistakes=(
        _wrong("the factor 2 of the square's derivative is missing", "1.0 / (R * C) * (p[r, c] - t[r, c])"),
        _wrong("the mean over the batch was forgotten: R times too large", "2.0 / C * (p[r, c] - t[r, c])"),
        _wrong("the mean over the outputs was forgotten: C times too large", "2.0 / R * (p[r, c] - t[r, c])"),
        _wrong("both means were forgotten: R C times too large", "2.0 * (p[r, c] - t[r, c])"),
        _wrong("the sign is turned: B1 has p - t", "2.0 / (R * C) * (t[r, c] - p[r, c])"),
        _wrong("the square stands in the derivative, too: it is 2 (p - t)", "2.0 / (R * C) * (p[r, c] - t[r, c]) ** 2"),
        _wrong("1/R is there twice", "2.0 / (R * R * C) * (p[r, c] - t[r, c])"),
        _wrong(
            "the derivative of the absolute error: that of a square is 2 (p - t)",
            "np.sign(p[r, c] - t[r, c]) / (R * C)",
        ),
        Mistake(
            "the mean over the outputs was forgotten: F1 divides by C",
            (("losses[r] = 1.0 / C * total", "losses[r] = total"),),
        ),
        Mistake("half of the square: F1 has no 1/2", (("losses[r] = 1.0 / C * total", "losses[r] = 0.5 / C * total"),)),
        Mistake(
            "the root is too much: F1 is the mean square",
            (("losses[r] = 1.0 / C * total", "losses[r] = math.sqrt(total / C)"),),
        ),
        Mistake("the error is not squared", (("(p[r, c] - t[r, c]) ** 2", "(p[r, c] - t[r, c])"),)),
        Mistake("the absolute error in place of the square", (("(p[r, c] - t[r, c]) ** 2", "abs(p[r, c] - t[r, c])"),)),
        Mistake(
            "the mean was forgotten: this is the sum over the batch", (("loss[0] = total / R", "loss[0] = total"),)
        ),
        Mistake(
            "it divides by R - 1: the mean divides by R", (("loss[0] = total / R", "loss[0] = total / max(R - 1, 1)"),)
        ),
    ),
)

CE_EDITS = (("z, t, weights, smoothing, logsumexp, dz", "z, t, logsumexp, dz"), ("weights[r] / R", "1.0 / R"))
NO_SMOOTHING = (
    ("t[r, k] * (1.0 - smoothing) + smoothing / C", "t[r, k]"),
    ("t[r, c] * (1.0 - smoothing) + smoothing / C", "t[r, c]"),
)
CE_FORWARD = (
    Piece(CE, "_logsumexp"),
    Piece(
        CE,
        "forward",
        "logsumexp losses",
        (
            ("z, t, weights, smoothing, logsumexp, losses", "z, t, logsumexp, losses"),
            ("t[r, c] * (1.0 - smoothing) + smoothing / C", "t[r, c]"),
            ("weights[r] * total", "total"),
        ),
    ),
)
CE_SLOPE = "1.0 / R * (math.exp(z[r, c] - logsumexp[r]) * total - u)"


def ce_arguments(sizes: Any, random: Any, loops: Any) -> Any:
    R, C = sizes["R"], sizes["C"]
    t = random.uniform(0.1, 1.0, (R, C))
    t[0] = np.eye(C)[0]
    z = 2.0 * random.standard_normal((R, C))
    if R == 5:
        z[-1] += 1000.0  # which changes no softmax, and of which the exponential is infinite
    a = {"z": z, "t": t / t.sum(axis=1, keepdims=True), "dz": np.zeros((R, C)), "losses": np.zeros(R)}
    a["logsumexp"] = np.logaddexp.reduce(z, axis=1)
    return a


def ce_loss(loops: Any, a: Any) -> float:
    losses = a["losses"].copy()
    loops["forward"](a["z"], a["t"], a["logsumexp"].copy(), losses)
    return float(losses.mean())


def _ce(hint: str, slope: str) -> Mistake:
    return Mistake(hint, ((f"dz[r, c] = {CE_SLOPE}", f"dz[r, c] = {slope}"),))


OVERFLOW = "exp(z) overflows where z is large: subtract the maximum of the row before it, or take logsumexp"
P = "math.exp(z[r, c] - logsumexp[r])"
ROW = "np.exp(z[r] - logsumexp[r])"
DOUBLE = _ce(
    "softmax is applied twice: z are logits, of which exp(z - logsumexp) is the softmax already",
    f"1.0 / R * (math.exp({P}) / np.exp({ROW}).sum() - u)",
)
CROSS_ENTROPY = Sheet(
    name="softmax_cross_entropy_backward",
    line="the gradient of softmax and cross-entropy in one, by the logits",
    note="Every sample has the weight 1, there is no smoothing, and the targets of a row sum to 1, as u does.",
    given=CE_FORWARD,
    asked=(Piece(CE, "backward", "dz", (*CE_EDITS, *NO_SMOOTHING)),),
    sizes=SIZES,
    arguments=ce_arguments,
    loss=ce_loss,
    slopes={"dz": "z"},
    mistakes=(
        _ce(OVERFLOW, "1.0 / R * (np.exp(z[r, c]) / np.exp(z[r]).sum() - u)"),
        # Python's numbers raise where NumPy's become infinite
        _ce(OVERFLOW, "1.0 / R * (math.e ** float(z[r, c]) / sum(math.e ** float(k) for k in z[r]) - u)"),
        _ce(
            "the maximum is subtracted of the whole batch: of a row far below it every exponential is 0",
            "1.0 / R * (np.exp(z[r, c] - z.max()) / np.exp(z[r] - z.max()).sum() - u)",
        ),
        _ce("the mean over the batch was forgotten: R times too large", f"{P} - u"),
        _ce("the sign is turned: B1 has softmax - target", f"1.0 / R * (u - {P})"),
        _ce(
            "the sign of logsumexp is turned: the softmax is exp(z - logsumexp)",
            "1.0 / R * (math.exp(z[r, c] + logsumexp[r]) - u)",
        ),
        _ce("the target is not subtracted: this is the softmax alone", f"1.0 / R * {P}"),
        _ce(
            "the derivative of the softmax alone, p (1 - p): the target has no part in it",
            f"1.0 / R * {P} * (1.0 - {P})",
        ),
        _ce("the logits themselves stand where the softmax belongs", "1.0 / R * (z[r, c] - u)"),
        DOUBLE,
        _ce(
            "the softmax Jacobian's off-diagonal terms are forgotten: dz[c] depends on the targets of all classes",
            f"1.0 / R * (-u * (1.0 - {P}))",
        ),
        _ce(
            "the softmax's derivative is multiplied in once more: p - t is the whole gradient",
            f"1.0 / R * ({P} - u) * {P} * (1.0 - {P})",
        ),
        _ce(
            "this is the gradient by the probabilities, -t/p, without the softmax's own derivative",
            f"1.0 / R * (-u / {P})",
        ),
        _ce("it divides by C, where the mean is over the rows R", f"1.0 / C * ({P} - u)"),
        _ce("it divides by C as well: the loss of a row is a sum over the classes", f"1.0 / (R * C) * ({P} - u)"),
        _ce("1/R is there twice", f"1.0 / (R * R) * ({P} - u)"),
        _ce("the exponentials are not divided by their sum: exp(z) is no softmax", "1.0 / R * (math.exp(z[r, c]) - u)"),
        _ce(
            "the softmax is taken over the batch: its sum goes over the classes of a row",
            "1.0 / R * (math.exp(z[r, c]) / np.exp(z[:, c]).sum() - u)",
        ),
    ),
)
