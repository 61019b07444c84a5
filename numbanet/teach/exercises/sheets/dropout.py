"""Dropout with its scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sheet import Mistake, Piece, Sheet

DRAWN = (
    ("x, rate, seed, stream, iteration, mask, y", "x, rate, u, mask, y"),
    ("        # F1\n        u = block(seed, stream, iteration[0], i // 4)[i % 4] * 2.0**-32\n", ""),
    ("if u >= rate", "if u[i] >= rate"),
)
MASK = "mask[i] = 1.0 / (1.0 - rate) if u[i] >= rate else 0.0"
BACK = "dx[i] = dy[i] * mask[i]"
NOTE = "The uniform numbers u are given, in place of numbanet.kernels.random: F1 is done."


def arguments(sizes: Any, random: Any, loops: Any) -> Any:
    E = sizes["E"]
    a = {name: random.standard_normal(E) for name in ("x", "y", "dy", "dx")}
    a |= {"rate": sizes["percent"] / 100, "u": random.uniform(0.0, 1.0, E), "mask": np.zeros(E)}
    loops["forward"](a["x"], a["rate"], a["u"], a["mask"], a["y"])
    return a


def _loss(loops: Any, a: Any) -> float:
    mask, y = a["mask"].copy(), a["y"].copy()
    loops["forward"](a["x"], a["rate"], a["u"], mask, y)
    return float((y * a["dy"]).sum())


DROPOUT = Sheet(
    name="dropout",
    line="dropout, forward and backward, with the scale that keeps the mean",
    note=NOTE,
    given=(),
    asked=(Piece("dropout", "forward", "mask y", DRAWN), Piece("dropout", "backward", "dx")),
    sizes=({"E": 12, "percent": 30}, {"E": 9, "percent": 60}, {"E": 1, "percent": 0}),
    arguments=arguments,
    loss=_loss,
    slopes={"dx": "x"},
    mistakes=(
        Mistake(
            "the scale 1 / (1 - rate) is forgotten: the mean of the mask must be 1",
            ((MASK, "mask[i] = 1.0 if u[i] >= rate else 0.0"),),
        ),
        Mistake(
            "it keeps where u < 1 - rate: as many, but others than F2, which keeps where u >= rate",
            ((MASK, "mask[i] = 1.0 / (1.0 - rate) if u[i] < 1.0 - rate else 0.0"),),
        ),
        Mistake(
            "it keeps with probability rate: an element is dropped where u < rate",
            ((MASK, "mask[i] = 1.0 / (1.0 - rate) if u[i] < rate else 0.0"),),
        ),
        Mistake(
            "it keeps with probability rate: an element is dropped where u < rate",
            ((MASK, "mask[i] = 1.0 / rate if u[i] < rate and rate else 0.0"),),
        ),
        Mistake(
            "the scale is 1 / rate: it must be 1 / (1 - rate)",
            ((MASK, "mask[i] = 1.0 / rate if u[i] >= rate and rate else 0.0"),),
        ),
        Mistake(
            "the scale is 1 - rate, and should be its inverse",
            ((MASK, "mask[i] = 1.0 - rate if u[i] >= rate else 0.0"),),
        ),
        Mistake("nothing is dropped in y: F3 multiplies by the mask", (("y[i] = x[i] * mask[i]", "y[i] = x[i]"),)),
        Mistake(
            "the scale is forgotten in y: F3 multiplies by the mask, whose elements hold it",
            (("y[i] = x[i] * mask[i]", "y[i] = x[i] if mask[i] else 0.0"),),
        ),
        Mistake("the mask is left out: B1 has dy mask", ((BACK, "dx[i] = dy[i]"),)),
        Mistake(
            "the scale is forgotten backward: the mask holds it, and B1 has dy mask",
            ((BACK, "dx[i] = dy[i] if mask[i] else 0.0"),),
        ),
        Mistake("the mask is applied twice: its scale counts squared", ((BACK, "dx[i] = dy[i] * mask[i] * mask[i]"),)),
        Mistake(
            "the dropped elements get the gradient, and the kept ones none",
            ((BACK, "dx[i] = dy[i] if mask[i] == 0.0 else 0.0"),),
        ),
        Mistake("it divides by the mask: B1 multiplies", ((BACK, "dx[i] = dy[i] / mask[i] if mask[i] else 0.0"),)),
    ),
)
