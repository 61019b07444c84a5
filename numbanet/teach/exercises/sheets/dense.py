"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from ..sheet import Mistake, Piece, Sheet

FORWARD = Piece("dense", "forward", "y")
SIZES = ({"N": 3, "I": 3, "O": 3}, {"N": 2, "I": 3, "O": 5}, {"N": 4, "I": 1, "O": 2}, {"N": 1, "I": 1, "O": 1})
LAST = "B3 is a sum over the batch: only the last sample counts here"


def arguments(sizes: Any, random: Any, loops: Any) -> Any:
    N, I, O = sizes["N"], sizes["I"], sizes["O"]
    shapes = {"x": (N, I), "w": (I, O), "b": (O,), "y": (N, O), "dy": (N, O), "dx": (N, I), "dw": (I, O), "db": (O,)}
    return {name: random.standard_normal(shape) for name, shape in shapes.items()}


def loss(loops: Any, a: Any) -> float:
    y = a["y"].copy()
    loops["forward"](a["x"], a["w"], a["b"], y)
    return float((y * a["dy"]).sum())


DENSE_FORWARD = Sheet(
    name="dense_forward",
    line="the weighted sums of a fully connected layer",
    given=(),
    asked=(FORWARD,),
    sizes=SIZES,
    arguments=arguments,
    mistakes=(
        Mistake("the bias is missing: F1 begins with b[o]", (("total = b[o]", "total = 0.0"),)),
        Mistake(
            "the bias is added in the loop over i, so it counts I times",
            (("total = b[o]", "total = b[o] * I"),),
        ),
        Mistake("the weights are read transposed: F1 has w[i, o]", (("w[i, o]", "w[o, i]"),)),
        Mistake("the bias is added by sample: F1 has b[o], not b[n]", (("total = b[o]", "total = b[n]"),)),
        Mistake(
            "the sum is not begun anew for every output: it goes on from the one before",
            (
                ("    for n in range(N):", "    total = 0.0\n    for n in range(N):"),
                ("total = b[o]", "total += b[o]"),
            ),
        ),
        Mistake(
            "the sum is not begun anew for every output: it goes on from the one before",
            (
                ("    for n in range(N):", "    for n in range(N):\n        total = 0.0"),
                ("total = b[o]", "total += b[o]"),
            ),
        ),
    ),
)

DENSE_BACKWARD = Sheet(
    name="dense_backward",
    line="the three gradients of a fully connected layer",
    given=(FORWARD,),
    asked=(
        Piece("dense", "backward_input", "dx"),
        Piece("dense", "backward_kernel", "dw"),
        Piece("dense", "backward_bias", "db"),
    ),
    sizes=SIZES,
    arguments=arguments,
    loss=loss,
    slopes={"dx": "x", "dw": "w", "db": "b"},
    mistakes=(
        Mistake("the weights are read transposed: B1 has w[i, o]", (("dy[n, o] * w[i, o]", "dy[n, o] * w[o, i]"),)),
        Mistake(
            "it divides by N, and the mean is already in dy: 1/N is there twice",
            (("dw[i, o] = total", "dw[i, o] = total / N"),),
        ),
        Mistake(
            "it divides by N, and the mean is already in dy: 1/N is there twice",
            (("db[o] = total", "db[o] = total / N"),),
        ),
        Mistake(
            "B2 is not summed over the batch: only the last sample counts",
            (("total += x[n, i] * dy[n, o]", "total = x[n, i] * dy[n, o]"),),
        ),
        Mistake(LAST, (("total += dy[n, o]\n        db", "total = dy[n, o]\n        db"),)),
        Mistake(
            "the gradient is summed over the outputs o, where B3 sums over the batch n",
            (("        db[o] = total", "        db[o] = dy[o].sum()"),),
        ),
        Mistake(
            "the bias gradient is the sum over everything, the same for every output: B3 sums over n alone",
            (("        db[o] = total", "        db[o] = dy.sum()"),),
        ),
    ),
)
