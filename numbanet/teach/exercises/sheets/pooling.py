"""Max pooling: the gradient goes where the maximum was."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sheet import Mistake, Piece, Sheet

FORWARD = Piece("max_pool2d", "forward", "argmax y")
ADD = "dx[n, p * S - top + k // L, q * R - left + k % L, c] += dy[n, p, q, c]"
TAKE = "k = np.int64(argmax[n, p, q, c])  # which is unsigned"
BACKWARD = Piece(
    "max_pool2d", "backward", "dx", ((TAKE, "k = int(argmax[n, p, q, c])"), ("(_, L), (S, R)", "(K, L), (S, R)"))
)
SIZES = (
    {"N": 2, "H": 4, "W": 4, "C": 2, "K": 2, "L": 2, "S": 2, "R": 2, "T": 0, "F": 0},
    {"N": 1, "H": 5, "W": 6, "C": 3, "K": 3, "L": 2, "S": 2, "R": 1, "T": 1, "F": 0},
    {"N": 2, "H": 5, "W": 4, "C": 1, "K": 2, "L": 3, "S": 1, "R": 1, "T": 0, "F": 1},
    {"N": 1, "H": 7, "W": 5, "C": 1, "K": 2, "L": 3, "S": 2, "R": 1, "T": 0, "F": 0},
    {"N": 1, "H": 1, "W": 1, "C": 1, "K": 1, "L": 1, "S": 1, "R": 1, "T": 0, "F": 0},
)


def arguments(sizes: Any, random: Any, loops: Any) -> Any:
    N, H, W, C, K, L, S, R, T, F = sizes.values()
    P, Q = (H + 2 * T - K) // S + 1, (W + 2 * F - L) // R + 1
    x = random.permutation(N * H * W * C).astype(np.float64).reshape(N, H, W, C)
    x[:, : H // 2, : W // 2] = np.maximum(x[:, : H // 2, : W // 2], 0.7 * x.max())  # ties, where a ReLU was below
    a = {"x": x, "y": np.zeros((N, P, Q, C)), "argmax": np.zeros((N, P, Q, C), np.int64)}
    a |= {"size": (K, L), "strides": (S, R), "padding": (T, F)}
    loops["forward"](x, a["size"], a["strides"], a["padding"], a["argmax"], a["y"])
    return a | {"dy": random.standard_normal((N, P, Q, C)), "dx": np.zeros((N, H, W, C))}


def loss(loops: Any, a: Any) -> float:
    """Of the cells that were the largest: among equal ones the maximum has no derivative."""
    N, P, Q, C = a["dy"].shape
    (_, L), (S, R), (top, left) = a["size"], a["strides"], a["padding"]
    n, p, q, c = np.indices((N, P, Q, C))
    h, w = p * S - top + a["argmax"] // L, q * R - left + a["argmax"] % L
    return float((a["x"][n, h, w, c] * a["dy"]).sum())


def _to(condition: str, share: str = "dy[n, p, q, c]") -> str:
    """B1 with every cell of a window for which something holds."""
    return (
        "for h in range(max(0, p * S - top), min(H, p * S - top + K)):\n"
        "                        for w in range(max(0, q * R - left), min(W, q * R - left + L)):\n"
        f"                            if {condition}:\n"
        f"                                dx[n, h, w, c] += {share}"
    )


MAX_POOL = Sheet(
    name="max_pool2d_backward",
    line="the gradient of max pooling goes to one cell of each window",
    note="argmax says where in each window the maximum was: k // L is its row there and k % L its column.",
    given=(FORWARD,),
    asked=(BACKWARD,),
    sizes=SIZES,
    arguments=arguments,
    loss=loss,
    slopes={"dx": "x"},
    mistakes=(
        Mistake(
            "the gradient goes to all cells of the window: B1 gives it to the largest alone", ((ADD, _to("True")),)
        ),
        Mistake(
            "the gradient is spread evenly over the window: that is average pooling",
            ((ADD, _to("True", "dy[n, p, q, c] / (K * L)")),),
        ),
        Mistake(
            "windows that overlap share a cell, and their gradients add up: += where = stands",
            ((ADD, ADD.replace("+=", "=")),),
        ),
        Mistake(
            "the padding is forgotten: h = p S - top + k // L",
            ((ADD, ADD.replace(" - top", "").replace(" - left", "")),),
        ),
        Mistake(
            "the stride is forgotten: h = p S - top + k // L", ((ADD, ADD.replace("p * S", "p").replace("q * R", "q")),)
        ),
        Mistake(
            "the window's size is used as the stride: h = p S - top + k // L",
            ((ADD, ADD.replace("p * S", "p * K").replace("q * R", "q * L")),),
        ),
        Mistake(
            "row and column of the cell are exchanged: k // L is the row, k % L the column",
            ((ADD, ADD.replace("k // L", "k ? L").replace("k % L", "k // L").replace("k ? L", "k % L")),),
        ),
        Mistake(
            "k is divided by the window's height K: k = i L + j, L its width",
            ((ADD, ADD.replace("k // L", "k // K").replace("k % L", "k % K")),),
        ),
        Mistake(
            "the gradient goes to the first cell of every window: argmax says to which",
            ((ADD, ADD.replace(" + k // L", "").replace(" + k % L", "")),),
        ),
        Mistake(
            "dy is left out: it counts windows, and B1 adds up their dy", ((ADD, ADD.replace("dy[n, p, q, c]", "1.0")),)
        ),
        Mistake("the window is one off", ((ADD, ADD.replace("k // L", "k // L + 1").replace("k % L", "k % L + 1")),)),
        Mistake("the window is one off", ((ADD, ADD.replace("k // L", "k // L - 1").replace("k % L", "k % L - 1")),)),
        Mistake(
            "strides of height and width are exchanged",
            ((ADD, ADD.replace("p * S", "p * R").replace("q * R", "q * S")),),
        ),
    ),
)
