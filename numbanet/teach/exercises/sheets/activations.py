"""Sigmoid, tanh and ReLU: derivatives by the output and by the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sheet import Mistake, Piece, Sheet

FORWARDS = (
    Piece("activations", "_sigmoid"),
    Piece("activations", "sigmoid", "y"),
    Piece("activations", "tanh", "y"),
    Piece("activations", "relu", "y"),
)
RELU = (("_piecewise(x[i], 1.0, 0.0)", "(1.0 if x[i] > 0.0 else 0.0)"),)
SIZES = ({"E": 7}, {"E": 5}, {"E": 1})
BENT = {"E": 4}  # where ReLU gets an x of exactly 0


def _arguments(name: str) -> Any:
    def arguments(sizes: Any, random: Any, loops: Any) -> Any:
        E = sizes["E"]
        x = random.uniform(0.2, 2.0, E) * np.where(np.arange(E) % 2, -1.0, 1.0)
        if name == "relu" and sizes == BENT:
            x[2] = 0.0
        y = np.empty(E)
        loops[name](x, y)
        return {"x": x, "y": y, "dy": random.standard_normal(E), "dx": np.zeros(E)}

    return arguments


def _loss(name: str) -> Any:
    def loss(loops: Any, a: Any) -> float:
        y = a["y"].copy()
        loops[name](a["x"], y)
        return float((y * a["dy"]).sum())

    return loss


LEFT_OUT = "the derivative of the activation is left out: dx is dy as it is"
ALONE = "dy is left out: this is f'(x) alone, and B1 multiplies it by dy"


def _sheet(name: str, right: str, mistakes: tuple[tuple[str, str], ...]) -> Sheet:
    return Sheet(
        name=f"{name}_backward",
        line=f"the gradient through {name}",
        given=(FORWARDS[0], next(p for p in FORWARDS if p.function == name))
        if name == "sigmoid"
        else (Piece("activations", name, "y"),),
        asked=(Piece("activations", f"{name}_backward", "dx", RELU if name == "relu" else ()),),
        sizes=(*SIZES, BENT) if name == "relu" else SIZES,
        bends=(len(SIZES),) if name == "relu" else (),
        arguments=_arguments(name),
        loss=_loss(name),
        slopes={"dx": "x"},
        mistakes=tuple(
            Mistake(hint, ((f"dx[i] = dy[i] * {right}", f"dx[i] = {wrong}"),))
            for hint, wrong in ((LEFT_OUT, "dy[i]"), (ALONE, right), *mistakes)
        ),
    )


SIGMOID = _sheet(
    "sigmoid",
    "y[i] * (1.0 - y[i])",
    (
        (
            "y (1 - y) is taken at the input x: it is a formula of the output y = f(x)",
            "dy[i] * x[i] * (1.0 - x[i])",
        ),
        (
            "the sigmoid is applied twice: y is already f(x), and the derivative is y (1 - y)",
            "dy[i] * (s := 1 / (1 + math.exp(-y[i]))) * (1 - s)",
        ),
        ("the factor 1 - y is missing from y (1 - y)", "dy[i] * y[i]"),
        ("the factor y is missing from y (1 - y)", "dy[i] * (1.0 - y[i])"),
        ("this is the derivative of tanh, 1 - y^2; the sigmoid's is y (1 - y)", "dy[i] * (1.0 - y[i] * y[i])"),
        ("it is y (1 + y): the sign in y (1 - y) is wrong", "dy[i] * y[i] * (1.0 + y[i])"),
    ),
)
TANH = _sheet(
    "tanh",
    "(1.0 - y[i] * y[i])",
    (
        ("1 - y^2 is taken at the input x: it is a formula of the output y = f(x)", "dy[i] * (1.0 - x[i] * x[i])"),
        (
            "tanh is applied twice: y is already f(x), and the derivative is 1 - y^2",
            "dy[i] * (1.0 - math.tanh(y[i]) ** 2)",
        ),
        ("the square is missing: the derivative is 1 - y^2, this is 1 - y", "dy[i] * (1.0 - y[i])"),
        ("this is the derivative of the sigmoid, y (1 - y); that of tanh is 1 - y^2", "dy[i] * y[i] * (1.0 - y[i])"),
        ("it is 1 + y^2: the sign in 1 - y^2 is wrong", "dy[i] * (1.0 + y[i] * y[i])"),
        ("the square is of 1 - y: the derivative is 1 - y^2", "dy[i] * (1.0 - y[i]) ** 2"),
    ),
)
RELU_BACKWARD = _sheet(
    "relu",
    "(1.0 if x[i] > 0.0 else 0.0)",
    (
        (
            "the condition is on the gradient dy, where it belongs on the input: x > 0",
            "dy[i] if dy[i] > 0.0 else 0.0",
        ),
        (
            "the gradient passes where x is exactly 0, too: here the derivative is 1 for x > 0, and 0 at 0",
            "dy[i] if x[i] >= 0.0 else 0.0",
        ),
        ("the sides are exchanged: the gradient passes where x > 0", "dy[i] if x[i] <= 0.0 else 0.0"),
        ("the sides are exchanged: the gradient passes where x > 0", "dy[i] if x[i] < 0.0 else 0.0"),
        ("it multiplies by the output y: the derivative of ReLU is 1 where x > 0", "dy[i] * y[i]"),
        ("it multiplies by the input x: the derivative of ReLU is 1 where x > 0", "dy[i] * x[i]"),
        (
            "where x < 0 the gradient comes out with its sign turned: it is 0 there",
            "dy[i] * (1.0 if x[i] > 0 else -1.0)",
        ),
        (
            "both conditions, x > 0 and dy > 0: this is guided backpropagation, no gradient",
            "dy[i] if dy[i] > 0.0 and x[i] > 0.0 else 0.0",
        ),
        ("1 where x >= 1: the bend of ReLU is at 0", "dy[i] if x[i] >= 1.0 else 0.0"),
    ),
)
