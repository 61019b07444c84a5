"""Rosenblatt's rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sheet import Mistake, Piece, Sheet

UPDATE, BIAS = "w[i] += learning_rate * error * x[n, i]", "b[0] += learning_rate * error"
ERROR = "error = t[n] - _output(x, n, w, b)"


def _arguments(sizes: Any, random: Any, loops: Any) -> Any:
    N, I = sizes["N"], sizes["I"]
    x = random.standard_normal((N, I))
    begun = I != 3  # there the weights begin at 0, and the first score is exactly 0
    return {
        "x": x,
        "t": (x.sum(axis=1) + 0.3 * random.standard_normal(N) > 0).astype(np.float64),
        "learning_rate": 0.3,
        "w": random.standard_normal(I) * begun,
        "b": random.standard_normal(1) * begun,
        "mistakes": np.zeros(1, np.int64),
    }


RULE = Sheet(
    name="perceptron_rule",
    line="one epoch of the perceptron's learning rule",
    given=(Piece("perceptron", "_output"),),
    asked=(Piece("perceptron", "epoch", "w b mistakes"),),
    sizes=({"N": 12, "I": 2}, {"N": 9, "I": 3}, {"N": 1, "I": 1}),
    arguments=_arguments,
    updated="w b",
    mistakes=(
        Mistake("the sign of the error is turned round: U1 is t - y", ((ERROR, "error = _output(x, n, w, b) - t[n]"),)),
        Mistake(
            "the output is 0 where the score is exactly 0: F1 has y = 1 there, >= and not >",
            ((ERROR, "error = t[n] - (1.0 if b[0] + (x[n] * w).sum() > 0.0 else 0.0)"),),
        ),
        Mistake("the bias is not updated: U3 is missing", ((BIAS, "pass"),)),
        Mistake("the learning rate is left out of U2", ((UPDATE, "w[i] += error * x[n, i]"), (BIAS, "b[0] += error"))),
        Mistake("the learning rate is left out of U2", ((UPDATE, "w[i] += error * x[n, i]"),)),
        Mistake("the learning rate is left out of U3", ((BIAS, "b[0] += error"),)),
        Mistake("the input x is left out of U2", ((UPDATE, "w[i] += learning_rate * error"),)),
        Mistake(
            "the weights are updated by the target t, whether it was a mistake or not; U2 takes the error",
            ((UPDATE, "w[i] += learning_rate * (2.0 * t[n] - 1.0) * x[n, i]"),),
        ),
        Mistake(
            "the outputs y are those of the weights at the beginning of the epoch: U1 takes them as they are by then",
            (
                ("    for n in range(x.shape[0]):", "    w_, b_ = w.copy(), b.copy()\n    for n in range(x.shape[0]):"),
                (ERROR, "error = t[n] - _output(x, n, w_, b_)"),
            ),
        ),
        Mistake(
            "the error is that of the score, not of the step's output: this is the delta rule of Widrow and Hoff",
            ((ERROR, "error = t[n] - (b[0] + (x[n] * w).sum())"),),
        ),
    ),
)
