"""Batch and layer normalisation, whose statistics depend on every element."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sheet import Mistake, Piece, Sheet

FORWARD = Piece("batch_norm", "forward", "y")
PARTS = ("    P = dgammas.shape[0]\n    L = -(-R // P)\n    for p in range(P):\n        for c", "    for c")
WHOLE = ("range(min(R, p * L), min(R, p * L + L))", "range(R)")
STORE = ("dgammas[p, c], dbetas[p, c] = dgamma, dbeta", "dgamma[c], dbeta[c] = total_z, total")
NAMES = (("dgamma = dbeta = 0.0", "total_z = total = 0.0"), ("dgamma +=", "total_z +="), ("dbeta +=", "total +="))
PARAMETERS = Piece(
    "batch_norm",
    "backward_parts",
    "dgamma dbeta",
    (PARTS, WHOLE, STORE, *NAMES, ("dgammas, dbetas)", "dgamma, dbeta)")),
    "backward_parameters",
)
INPUT = Piece("batch_norm", "backward_input", "dx")
NOTE = "One part: P = 1, so that dgamma and dbeta are the sums over all rows. mean and variance are those of F3 and F4."
SIZES = ({"R": 4, "C": 4}, {"R": 5, "C": 3}, {"R": 3, "C": 2}, {"R": 2, "C": 1})


def arguments(sizes: Any, random: Any, loops: Any) -> Any:
    R, C = sizes["R"], sizes["C"]
    a = {name: random.standard_normal((R, C)) for name in ("y", "dy", "dx")}
    a |= {name: random.uniform(0.5, 2.0, C) for name in ("gamma", "beta", "moving_mean", "moving_variance")}
    a["x"] = 1.0 + random.standard_normal((R, C))
    a |= {"mean": a["x"].mean(axis=0), "variance": a["x"].var(axis=0), "epsilon": 0.1}
    z = (a["x"] - a["mean"]) / np.sqrt(a["variance"] + 0.1)
    return a | {"dgamma": (a["dy"] * z).sum(axis=0), "dbeta": a["dy"].sum(axis=0)}


def loss(loops: Any, a: Any) -> float:
    x, y = a["x"], a["y"].copy()
    loops["forward"](x, x.mean(axis=0), x.var(axis=0), a["gamma"], a["beta"], a["epsilon"], y)
    return float((y * a["dy"]).sum())


DX = "dx[r, c] = gamma[c] / s * (dy[r, c] - dbeta[c] / R - z * dgamma[c] / R)"
SUMS = "dgamma[c], dbeta[c] = total_z, total"
DGAMMA = "total_z += dy[r, c] * (x[r, c] - mean[c]) / s"


def _dx(hint: str, value: str) -> Mistake:
    return Mistake(hint, ((DX, f"dx[r, c] = {value}"),))


CONSTANT = _dx(
    "mean and variance are treated as constants: their own dependence on x is missing (that is B4, for inference)",
    "gamma[c] / s * dy[r, c]",
)
VARIANCE = _dx(
    "the gradient through the variance is missing: the last term of B3",
    "gamma[c] / s * (dy[r, c] - dbeta[c] / R)",
)
BATCH_NORM = Sheet(
    name="batch_norm_backward",
    line="the gradient of batch normalisation, through mean and variance too",
    note=NOTE,
    given=(FORWARD,),
    asked=(PARAMETERS, INPUT),
    sizes=SIZES,
    arguments=arguments,
    loss=loss,
    slopes={"dx": "x", "dgamma": "gamma", "dbeta": "beta"},
    mistakes=(
        CONSTANT,
        VARIANCE,
        _dx(
            "the gradient through the mean is missing: the second term of B3",
            "gamma[c] / s * (dy[r, c] - z * dgamma[c] / R)",
        ),
        _dx(
            "the 1/R of the means is forgotten: B3 divides dbeta and dgamma by R",
            "gamma[c] / s * (dy[r, c] - dbeta[c] - z * dgamma[c])",
        ),
        _dx("gamma is left out of B3", "1.0 / s * (dy[r, c] - dbeta[c] / R - z * dgamma[c] / R)"),
        _dx("the division by s is left out of B3", "gamma[c] * (dy[r, c] - dbeta[c] / R - z * dgamma[c] / R)"),
        _dx(
            "it divides by the variance, where B3 divides by its root s",
            "gamma[c] / s**2 * (dy[r, c] - dbeta[c] / R - z * dgamma[c] / R)",
        ),
        _dx(
            "x stands where the normalised z belongs in B3",
            "gamma[c] / s * (dy[r, c] - dbeta[c] / R - x[r, c] * dgamma[c] / R)",
        ),
        _dx(
            "x - mean stands where the normalised z belongs in B3: it is not divided by s",
            "gamma[c] / s * (dy[r, c] - dbeta[c] / R - (x[r, c] - mean[c]) * dgamma[c] / R)",
        ),
        _dx(
            "the variance is taken as divided by R - 1: F4 divides by R",
            "gamma[c] / s * (dy[r, c] - dbeta[c] / R - z * dgamma[c] / max(R - 1, 1))",
        ),
        _dx(
            "the signs of the mean's terms are wrong: B3 subtracts both",
            "gamma[c] / s * (dy[r, c] + dbeta[c] / R + z * dgamma[c] / R)",
        ),
        _dx("gamma counts twice in B3", "gamma[c] ** 2 / s * (dy[r, c] - dbeta[c] / R - z * dgamma[c] / R)"),
        _dx(
            "it divides by the channels C, where the means are over the rows R",
            "gamma[c] / s * (dy[r, c] - dbeta[c] / C - z * dgamma[c] / C)",
        ),
        Mistake(
            "epsilon is left out of s = sqrt(variance + epsilon)",
            (("s = math.sqrt(variance[c] + epsilon)", "s = math.sqrt(variance[c])"),),
        ),
        Mistake("x stands where the normalised z belongs in B2", ((DGAMMA, "total_z += dy[r, c] * x[r, c]"),)),
        Mistake(
            "B2 is not divided by s: z is (x - mean) / s", ((DGAMMA, "total_z += dy[r, c] * (x[r, c] - mean[c])"),)
        ),
        Mistake(
            "the mean is not subtracted in B2: z is (x - mean) / s", ((DGAMMA, "total_z += dy[r, c] * x[r, c] / s"),)
        ),
        Mistake(
            "it is the mean over the rows: B1 and B2 are sums",
            (("dgamma[c], dbeta[c] = total_z, total", "dgamma[c], dbeta[c] = total_z / R, total / R"),),
        ),
        _dx(
            "the means are over the whole array: those of B3 are over the rows of a channel",
            "gamma[c] / s * (dy[r, c] - dy.mean() - z * (dy * (x - mean) / np.sqrt(variance + epsilon)).mean())",
        ),
        Mistake(
            "it sums over the channels, the wrong axis: B1 and B2 sum over the rows",
            ((SUMS, "dgamma[c], dbeta[c] = (dy[c] * (x[c] - mean) / np.sqrt(variance + epsilon)).sum(), dy[c].sum()"),),
        ),
        Mistake(
            "dgamma and dbeta are exchanged",
            (("dgamma[c], dbeta[c] = total_z, total", "dgamma[c], dbeta[c] = total, total_z"),),
        ),
    ),
)


def _layer_arguments(sizes: Any, random: Any, loops: Any) -> Any:
    a = arguments({"R": sizes["R"], "C": sizes["C"]}, random, loops)
    mean = a["x"].mean(axis=1)
    return a | {"mean": mean, "inverse": 1.0 / np.sqrt(a["x"].var(axis=1) + 0.1)}


def _layer_loss(loops: Any, a: Any) -> float:
    y = a["y"].copy()
    loops["forward"](a["x"], a["gamma"], a["beta"], a["epsilon"], a["mean"].copy(), a["inverse"].copy(), y)
    return float((y * a["dy"]).sum())


LAYER_DX = "dx[r, c] = inverse[r] * (dz - total / C - z * total_z / C)"


def _layer(hint: str, value: str) -> Mistake:
    return Mistake(hint, ((LAYER_DX, f"dx[r, c] = {value}"),))


LAYER_NORM = Sheet(
    name="layer_norm_backward",
    line="the gradient of layer normalisation: statistics of a row, parameters of a channel",
    note="One part: P = 1, so that dgamma and dbeta are the sums over all rows.",
    given=(Piece("layer_norm", "forward", "mean inverse y"),),
    asked=(
        Piece(
            "layer_norm",
            "backward_parts",
            "dgamma dbeta",
            (PARTS, WHOLE, STORE, *NAMES, ("dgammas, dbetas)", "dgamma, dbeta)")),
            "backward_parameters",
        ),
        Piece("layer_norm", "backward_input", "dx"),
    ),
    sizes=SIZES,
    arguments=_layer_arguments,
    loss=_layer_loss,
    slopes={"dx": "x", "dgamma": "gamma", "dbeta": "beta"},
    mistakes=(
        _layer("mean and variance are treated as constants: their own dependence on x is missing", "inverse[r] * dz"),
        _layer("the gradient through the variance is missing: the last term of B1", "inverse[r] * (dz - total / C)"),
        _layer(
            "the gradient through the mean is missing: the second term of B1", "inverse[r] * (dz - z * total_z / C)"
        ),
        _layer("the 1/C of the means is forgotten", "inverse[r] * (dz - total - z * total_z)"),
        _layer(
            "it divides by the rows R, where the means are over the channels C",
            "inverse[r] * (dz - total / R - z * total_z / R)",
        ),
        _layer(
            "the means are taken over the batch, the wrong axis: a row's statistics are sums over its channels",
            "inverse[r] * (dz - (dy[:, c] * gamma[c]).mean() "
            "- z * (dy[:, c] * gamma[c] * (x[:, c] - mean) * inverse).mean())",
        ),
        _layer(
            "gamma is applied after the sums: dz = gamma dy belongs inside them",
            "gamma[c] * inverse[r] * (dy[r, c] - dy[r].mean() - z * (dy[r] * (x[r] - mean[r]) * inverse[r]).mean())",
        ),
        Mistake("gamma is left out: dz = gamma dy", (("gamma[c] * dy[r, c]", "dy[r, c]"),)),
        _layer(
            "1 / inverse: the division by the deviation is a multiplication by inverse",
            "(dz - total / C - z * total_z / C) / inverse[r]",
        ),
        Mistake(
            "it sums over the channels, the wrong axis: B2 and B3 sum over the rows",
            ((SUMS, "dgamma[c], dbeta[c] = (dy[c] * (x[c] - mean[c]) * inverse[c]).sum(), dy[c].sum()"),),
        ),
        _layer("inverse is left out of B1", "(dz - total / C - z * total_z / C)"),
        Mistake(
            "it is the mean over the rows: B2 and B3 are sums",
            (("dgamma[c], dbeta[c] = total_z, total", "dgamma[c], dbeta[c] = total_z / R, total / R"),),
        ),
        Mistake(
            "x stands where the normalised z belongs in B2",
            (("total_z += dy[r, c] * (x[r, c] - mean[r]) * inverse[r]", "total_z += dy[r, c] * x[r, c]"),),
        ),
    ),
)
