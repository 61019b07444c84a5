"""Convolution: the window forward, and both gradients."""

from __future__ import annotations

from typing import Any

from ..sheet import Edit, Mistake, Piece, Sheet

GROUP = ("    group = O // (C // I)\n", "")
COMMON: tuple[Edit, ...] = (
    ("(SH, SW), (T, L), (DH, DW) = strides, padding, dilation", "(SH, SW), (T, L) = strides, padding"),
    ("padding, dilation", "padding"),
    ("kh * DH", "kh"),
    ("kw * DW", "kw"),
    GROUP,
)
IN_GROUP: Edit = ("x[n, row, column, g * I + i]", "x[n, row, column, i]")
FORWARD = Piece(
    "conv2d", "forward", "y", (*COMMON[:1], *COMMON[1:], IN_GROUP, ("                    g = o // group\n", ""))
)
INPUT = Piece(
    "conv2d",
    "backward_input",
    "dx",
    (
        *COMMON,
        ("                    g, i = c // I, c % I\n", ""),
        ("range(g * group, (g + 1) * group)", "range(O)"),
        ("for c in range(C)", "for i in range(I)"),
        ("dx[n, row, column, c]", "dx[n, row, column, i]"),
    ),
)
KERNEL = Piece("conv2d", "backward_kernel", "dw", (*COMMON, IN_GROUP, ("                    g = o // group\n", "")))
BIAS = Piece("conv2d", "backward_bias", "db")
NOTE = "One group and no dilation: G = 1, I = C, DH = DW = 1."
SIZES = (
    {"N": 2, "H": 4, "W": 4, "K": 3, "V": 3, "S": 1, "R": 1, "T": 1, "L": 1, "I": 2, "O": 2},
    {"N": 2, "H": 6, "W": 5, "K": 3, "V": 2, "S": 2, "R": 1, "T": 1, "L": 0, "I": 2, "O": 3},
    {"N": 1, "H": 3, "W": 5, "K": 2, "V": 3, "S": 1, "R": 2, "T": 0, "L": 1, "I": 1, "O": 2},
    {"N": 1, "H": 1, "W": 1, "K": 1, "V": 1, "S": 1, "R": 1, "T": 0, "L": 0, "I": 1, "O": 1},
)


def arguments(sizes: Any, random: Any, loops: Any) -> Any:
    N, H, W, K, V, S, R, T, L, I, O = sizes.values()
    P, Q = (H + 2 * T - K) // S + 1, (W + 2 * L - V) // R + 1
    shapes = {
        "x": (N, H, W, I),
        "w": (K, V, I, O),
        "b": (O,),
        "y": (N, P, Q, O),
        "dy": (N, P, Q, O),
        "dx": (N, H, W, I),
        "dw": (K, V, I, O),
        "db": (O,),
    }
    return {n: random.standard_normal(s) for n, s in shapes.items()} | {"strides": (S, R), "padding": (T, L)}


def loss(loops: Any, a: Any) -> float:
    y = a["y"].copy()
    loops["forward"](a["x"], a["w"], a["b"], a["strides"], a["padding"], y)
    return float((y * a["dy"]).sum())


PLACE = "row, column = p * SH + kh - T, q * SW + kw - L"
INSIDE = "if 0 <= row < H and 0 <= column < W:"
FLIPPED = "the kernel is flipped: F1 is the cross-correlation, w[kh, kw] with row = p SH + kh - T"
PADDING = "the padding is forgotten: row = p SH + kh - T, column = q SW + kw - L"
STRIDE = "the stride is forgotten: row = p SH + kh - T"
WRAPPED = "cells outside of the image are read from its other side (a negative index): they are zeros"
NO_STRIDE = "row, column = p + kh - T, q + kw - L"
NO_PADDING = "row, column = p * SH + kh, q * SW + kw"
EXCHANGED = "row, column = p * SW + kh - L, q * SH + kw - T"
BORDER = "the border of the image is left out: its first row and column are 0"
MIRRORED = "w[KH - 1 - kh, KW - 1 - kw, i, o]"

CONV_FORWARD = Sheet(
    name="conv2d_forward",
    line="a window slides over an image, with stride and padding",
    note=NOTE,
    given=(),
    asked=(FORWARD,),
    sizes=SIZES,
    arguments=arguments,
    mistakes=(
        Mistake(FLIPPED, (("w[kh, kw, i, o]", MIRRORED),)),
        Mistake(PADDING, ((PLACE, NO_PADDING),)),
        Mistake(STRIDE, ((PLACE, NO_STRIDE),)),
        Mistake(STRIDE + ", and so is the padding", ((PLACE, "row, column = p + kh, q + kw"),)),
        Mistake("height and width are exchanged in strides and padding", ((PLACE, EXCHANGED),)),
        Mistake("the bias is missing: F1 begins with b[o]", (("total = b[o]", "total = 0.0"),)),
        Mistake(
            "the padding has the wrong sign: row = p SH + kh - T",
            ((PLACE, "row, column = p * SH + kh + T, q * SW + kw + L"),),
        ),
        Mistake(BORDER, ((INSIDE, "if 0 < row < H and 0 < column < W:"),)),
        Mistake(
            "the last row and column of the image are left out",
            ((INSIDE, "if 0 <= row < H - 1 and 0 <= column < W - 1:"),),
        ),
        Mistake(WRAPPED, ((INSIDE, "if row < H and column < W:"),)),
        Mistake(
            "the window is one off: row = p SH + kh - T",
            ((PLACE, "row, column = p * SH + kh - T + 1, q * SW + kw - L + 1"),),
        ),
        Mistake(
            "the window is one off: row = p SH + kh - T",
            ((PLACE, "row, column = p * SH + kh - T - 1, q * SW + kw - L - 1"),),
        ),
        Mistake("the window is transposed: w[kh, kw]", (("w[kh, kw, i, o]", "w[kw, kh, i, o]"),)),
        Mistake("the bias is added in the loop over the window", (("total = b[o]", "total = b[o] * KH * KW * I"),)),
        Mistake(
            "the stride multiplies the window's cell too: it is for p alone",
            ((PLACE, "row, column = (p + kh) * SH - T, (q + kw) * SW - L"),),
        ),
        Mistake(
            "the padding is multiplied by the stride: row = p SH + kh - T",
            ((PLACE, "row, column = (p - T) * SH + kh, (q - L) * SW + kw"),),
        ),
    ),
)

P_Q = "p, q = (row + T - kh) // SH, (column + L - kw) // SW"
WHOLE = "if p * SH + kh - T != row or q * SW + kw - L != column:"
RANGE = "if 0 <= p < P and 0 <= q < Q:"
TERM = "total += x[n, row, column, i] * dy[n, p, q, o]"
SUMMED = "B2 is a sum over all positions p, q and samples n: only the last counts here"
CONV_BACKWARD = Sheet(
    name="conv2d_backward",
    line="the gradients of a convolution by its input, its kernel and its bias",
    note=NOTE,
    given=(FORWARD,),
    asked=(INPUT, KERNEL, BIAS),
    sizes=SIZES,
    arguments=arguments,
    loss=loss,
    slopes={"dx": "x", "dw": "w", "db": "b"},
    mistakes=(
        Mistake(
            "the kernel is flipped in B1: it is the same cell that F1 multiplied with", (("w[kh, kw, i, o]", MIRRORED),)
        ),
        Mistake(
            "the kernel is not flipped: the window runs forward over dy, and p = row + T - kh",
            ((P_Q, "p, q = row - T + kh, column - L + kw"), (WHOLE, "if False:")),
        ),
        Mistake(
            "the stride is forgotten in B1: p = (row + T - kh) / SH",
            ((P_Q, "p, q = row + T - kh, column + L - kw"), (WHOLE, "if False:")),
        ),
        Mistake(
            "p is rounded where it is no whole number: such a window does not show the cell", ((WHOLE, "if False:"),)
        ),
        Mistake(
            "the padding is forgotten in B1: p = (row + T - kh) / SH",
            (
                (P_Q, "p, q = (row - kh) // SH, (column - kw) // SW"),
                (WHOLE, "if p * SH + kh != row or q * SW + kw != column:"),
            ),
        ),
        Mistake(
            "windows are left out: p and q end before P and Q, not before P - 1",
            ((RANGE, "if 0 <= p < P - 1 and 0 <= q < Q - 1:"),),
        ),
        Mistake("windows are left out: p and q begin at 0, not at 1", ((RANGE, "if 0 < p < P and 0 < q < Q:"),)),
        Mistake(
            "a negative p reads dy from its other side: such windows do not exist", ((RANGE, "if p < P and q < Q:"),)
        ),
        Mistake("the padding is forgotten in B2: row = p SH + kh - T", ((PLACE, NO_PADDING),)),
        Mistake("the stride is forgotten in B2: row = p SH + kh - T", ((PLACE, NO_STRIDE),)),
        Mistake("the stride and the padding are forgotten in B2", ((PLACE, "row, column = p + kh, q + kw"),)),
        Mistake(
            "cells outside of the image are read from its other side in B2: they are zeros",
            ((INSIDE, "if row < H and column < W:"),),
        ),
        Mistake("height and width are exchanged in strides and padding", ((PLACE, EXCHANGED),)),
        Mistake(
            "dw comes out flipped: w[kh, kw] has met x[row] with row = p SH + kh - T",
            (("dw[kh, kw, i, o] = total", "dw[KH - 1 - kh, KW - 1 - kw, i, o] = total"),),
        ),
        Mistake(
            "the cells kh and kw of the window are exchanged in B2",
            (("dw[kh, kw, i, o] = total", "dw[kw, kh, i, o] = total"),),
        ),
        Mistake(
            "windows that overlap share a cell, and their gradients add up: only one window counts here",
            ((RANGE, "if 0 <= p < P and 0 <= q < Q and total == 0.0:"),),
        ),
        Mistake(SUMMED, ((TERM, TERM.replace("+=", "=")),)),
        Mistake(
            "it divides by N, and the mean is already in dy: 1/N is there twice",
            (("dw[kh, kw, i, o] = total", "dw[kh, kw, i, o] = total / N"),),
        ),
        Mistake(
            "it divides by N, and the mean is already in dy: 1/N is there twice",
            (("db[o] = total", "db[o] = total / N"),),
        ),
        Mistake(
            "it is the mean over the positions: B2 is their sum",
            (("dw[kh, kw, i, o] = total", "dw[kh, kw, i, o] = total / (P * Q)"),),
        ),
        Mistake("it is the mean over the positions: B3 is their sum", (("db[o] = total", "db[o] = total / (P * Q)"),)),
        Mistake(
            "it is the mean over samples and positions: B3 is their sum",
            (("db[o] = total", "db[o] = total / (N * P * Q)"),),
        ),
        Mistake(
            "B3 is not summed over the positions: only the first p, q counts",
            (("db[o] = total", "db[o] = dy[:, 0, 0, o].sum()"),),
        ),
        Mistake(
            "B3 is not summed over the batch: only the last sample counts",
            (("db[o] = total", "db[o] = dy[N - 1, :, :, o].sum()"),),
        ),
        Mistake(
            "the bias gradient is the sum over everything, the same for every channel",
            (("db[o] = total", "db[o] = dy.sum()"),),
        ),
    ),
)
