"""A table of vectors: the gradient goes to the rows that were looked up."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sheet import Mistake, Piece, Sheet

ADD = "dw[int(x[r]), e] += dy[r, e]"


def _arguments(sizes: Any, random: Any, loops: Any) -> Any:
    R, V, E = sizes["R"], sizes["V"], sizes["E"]
    shapes = {"w": (V, E), "dw": (V, E), "y": (R, E), "dy": (R, E)}
    a = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    return a | {"x": random.permutation(np.arange(R) % max(1, V - 1)).astype(np.float64)}


def _loss(loops: Any, a: Any) -> float:
    y = a["y"].copy()
    loops["forward"](a["x"], a["w"], y)
    return float((y * a["dy"]).sum())


EMBEDDING = Sheet(
    name="embedding_backward",
    line="the gradient of an embedding: rows that are used twice get both",
    given=(Piece("embedding", "forward", "y"),),
    asked=(Piece("embedding", "backward", "dw"),),
    sizes=({"R": 5, "V": 4, "E": 4}, {"R": 7, "V": 3, "E": 2}, {"R": 1, "V": 1, "E": 1}),
    arguments=_arguments,
    loss=_loss,
    slopes={"dw": "w"},
    mistakes=(
        Mistake(
            "a row that is named twice gets the last gradient alone: B1 adds them up (+=)",
            ((ADD, ADD.replace("+=", "=")),),
        ),
        Mistake("the gradient goes to row r, where B1 has row x[r]", ((ADD, "dw[r % V, e] += dy[r, e]"),)),
        Mistake(
            "the gradients of a row are averaged: B1 is their sum",
            ((ADD, "dw[int(x[r]), e] += dy[r, e] / (x == x[r]).sum()"),),
        ),
        Mistake("it divides by R, and the mean is already in dy", ((ADD, "dw[int(x[r]), e] += dy[r, e] / x.size"),)),
        Mistake("every row of the table gets the gradient: B1 names only row x[r]", ((ADD, "dw[:, e] += dy[r, e]"),)),
        Mistake("the mean over the columns goes to each of them", ((ADD, "dw[int(x[r]), e] += dy[r].mean()"),)),
        Mistake(
            "the sum over the columns e goes to each: B1 is for every e of its own",
            ((ADD, "dw[int(x[r]), e] += dy[r].sum()"),),
        ),
        Mistake(
            "the indices are one off: the first row of the table is 0", ((ADD, "dw[int(x[r]) - 1, e] += dy[r, e]"),)
        ),
        Mistake(
            "the indices are one off: the first row of the table is 0",
            ((ADD, "dw[(int(x[r]) + 1) % V, e] += dy[r, e]"),),
        ),
        Mistake("the sign is turned: there is no minus in B1", ((ADD, ADD.replace("+=", "-=")),)),
    ),
)
