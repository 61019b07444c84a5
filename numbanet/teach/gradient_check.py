"""check_gradients: every element of a model's gradient against central differences.

The check runs in float64 on the model's own device and kernels, whatever the model's type. For each element w it
compares dL/dw with

    D(h) = (L(w + h) - L(w - h)) / 2h,   improved to   R(h) = (4 D(h/2) - D(h)) / 3   (Richardson),

whose error is of order h^4. With h = 1e-3 max(1, |w|) the truncation is about 1e-12 of the higher derivatives and the
rounding about 1e-13 of the loss, so that a tolerance of 1e-7 parts a right gradient from a wrong one by far. R(h) is
believed where R(h/2) says the same; where not (a sharp bend is near), h becomes 10 times smaller.

At a kink (ReLU at 0, |w| at 0) there is no derivative to compare with. It shows in the slopes to the right and to the
left, which differ by

    B(h) = (L(w + h) - 2 L(w) + L(w - h)) / h  =  jump + h L'' + terms of h^3,

and B at h, h/2 and h/4 tells the jump from the rest. An element with a jump at every h is reported as a kink, and is
not judged: of several samples at their kinks each may take any slope between its left and its right one. Where rounding
of a large loss hides the slope, the check says that it cannot tell.

Memory that the backward pass must overwrite is full of NaN before it runs, so that a gradient that was forgotten, is
added up or is left from another batch shows. Dropout is frozen: its mask depends on the training step alone.
Regularisation is part of the loss.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.door import array
from ..model import Sequential
from ..network import Network

STEPS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
RELATIVE, ABSOLUTE = 1e-7, 1e-9
UNCLEAR = 1e-6  # doubt of a slope, beyond a hundredth of it, at which nothing can be said


@dataclass(frozen=True)
class Row:
    """One array's verdict."""

    name: str
    elements: int
    worst: float  # the largest |found - expected| / (|expected| + 1e-2), without kinks; wrong above 1e-7
    at: tuple[int, ...]
    found: float
    expected: float
    wrong: int
    kinks: int
    unclear: int

    @property
    def ok(self) -> bool:
        return not self.wrong and not self.unclear

    @property
    def verdict(self) -> str:
        if self.wrong:
            return f"WRONG at {list(self.at)}: backward {self.found:.6g}, differences {self.expected:.6g}"
        if self.unclear:
            return "CANNOT TELL: rounding of the large loss hides the slopes; scale the data"
        return "right" if self.kinks < self.elements else "only kinks, not judged"


@dataclass(frozen=True, repr=False)
class Report:
    """The verdicts on all parameters and the input; true where all gradients are right."""

    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        return all(row.ok for row in self.rows)

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        wrong = ", ".join(row.name for row in self.rows if row.wrong)
        unclear = ", ".join(row.name for row in self.rows if row.unclear)
        doubtful = f"cannot tell: {unclear}" if unclear else "all gradients are right"
        return f"Report({f'WRONG: {wrong}' if wrong else doubtful})"

    def __str__(self) -> str:
        table = [("array", "elements", "worst error", "wrong", "kinks", "verdict")]
        for r in self.rows:
            table.append((r.name, f"{r.elements:,}", f"{r.worst:.1e}", str(r.wrong), str(r.kinks), r.verdict))
        widths = [max(len(line[k]) for line in table) for k in range(5)]
        lines = [
            "  ".join([line[0].ljust(widths[0]), *(line[k].rjust(widths[k]) for k in range(1, 5)), line[5]])
            for line in table
        ]
        return "\n".join(lines)


def check_gradients(
    model: Sequential, x: Any, y: Any, sample_weight: Any = None, training: bool = True, verbose: bool = True
) -> Report:
    """Compare every gradient of a compiled model on the batch (x, y) with central differences.

    training: dropout is on, with one fixed mask. verbose: print the table. Returns the Report, which is true where
    every element of every parameter and of x agrees to 1e-7 of its size (floor 1e-9), or lies at a kink. Where x holds
    indices it has no gradient, and only parameters are looked at.
    Takes six losses or more for each element: meant for small batches and networks. The model is not changed.
    """
    twin = _in_double(model, x)
    network = twin._built("check_gradients")
    integer_targets = model.loss is not None and model.loss.integer_targets
    x = np.array(array("check_gradients", "x", x, network.dtype))
    y = np.asarray(y) if integer_targets else array("check_gradients", "y", y, network.dtype)
    weights = None if sample_weight is None else array("check_gradients", "sample_weight", sample_weight, network.dtype)
    twin.gradients(x, y, weights, training)  # allocates
    _poison(network)
    _, gradients = twin.gradients(x, y, weights, training)
    input_gradient = twin.input_gradient(x, y, weights, training)

    def loss() -> float:
        return twin.loss_value(x, y, weights, training)

    targets = [(f"{s.layer}/{s.parameter.name}", s.value, g) for s, g in zip(network.trained, gradients, strict=True)]
    # neither indices have a gradient nor a step where it stops being padding
    if network.index_limit is None and not any(layer.makes_mask for layer in network.layers):
        targets.append(("input", x, input_gradient))
    report = Report(tuple(_compare(*target, loss) for target in targets))
    if verbose:
        print(report)
    return report


def _in_double(model: Sequential, x: Any) -> Sequential:
    """The same layers, weights, loss and training step in float64; no optimizer touches it."""
    if not model.built:
        model._build_from("check_gradients", x)
    network = model._ready("check_gradients").network
    twin = Sequential(seed=model.seed)
    twin.layers = [copy.copy(layer) for layer in model.layers]  # which stay the model's own
    twin.build(network.input_shape, network.device.unrounded(), "float64")
    twin.compile("sgd", model.loss)
    twin.set_weights([w.astype(np.float64) for w in model.get_weights()])
    twin._built("check_gradients").iteration[...] = network.iteration
    return twin


def _poison(network: Network) -> None:
    """Fill with NaN what a step must write before it reads it: gradients and activations."""
    for arena in (network.gradients, network._activations):
        for view in arena.views.values() if arena else ():
            view[...] = np.nan


def _compare(name: str, values: Any, found: Any, loss: Callable[[], float]) -> Row:
    """Check one array's gradient, element by element; `values` is changed in place and restored."""
    flat, gradient, centre = values.reshape(-1), found.reshape(-1), loss()
    expected, doubt, jump = np.empty(flat.size), np.empty(flat.size), np.zeros(flat.size)
    for i in range(flat.size):
        expected[i], doubt[i], jump[i] = _derivative(flat, i, loss, centre)
    error = np.where(jump > 0.0, 0.0, np.abs(gradient - expected) / (_tolerance(expected) + doubt))
    unclear = (jump == 0.0) & (doubt > UNCLEAR + 1e-2 * np.maximum(np.abs(gradient), np.abs(expected)))
    worst = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    return Row(
        name,
        flat.size,
        RELATIVE * float(error[worst]),
        tuple(int(k) for k in np.unravel_index(worst, values.shape)),
        float(gradient[worst]),
        float(expected[worst]),
        int((~(error <= 1.0)).sum()),
        int((jump > 0.0).sum()),
        int(unclear.sum()),
    )


def _tolerance(slope: Any) -> Any:
    return ABSOLUTE + RELATIVE * np.abs(slope)


def _derivative(flat: Any, i: int, loss: Callable[[], float], centre: float) -> tuple[float, float, float]:
    """The derivative by element i, how far it may be off, and how much it jumps there: 0 but at a kink.

    centre: the loss as it is. Of all steps the one is taken at which slope and jump are clearest.
    """
    kept = float(flat[i])

    def at(offset: float) -> float:
        flat[i] = kept + offset
        return loss()

    best, least = (np.nan, 0.0, 0.0), np.inf
    for step in STEPS:
        h = step * max(1.0, abs(kept)) / np.array([1.0, 2.0, 4.0])
        right, left = np.array([at(k) for k in h]), np.array([at(-k) for k in h])
        slopes, bends = (right - left) / (2.0 * h), (right - 2.0 * centre + left) / h
        coarse, fine = (4.0 * slopes[1:] - slopes[:-1]) / 3.0
        # the same twice over: what is left of B(h) without its terms of h and of h^3
        wide, narrow = 2.0 * bends[1:] - bends[:-1]
        jump = abs(8.0 * narrow - wide) / 7.0
        noise = 64.0 * np.finfo(np.float64).eps * max(abs(centre), 1e-3) / h[0]  # rounding of the losses, in a slope
        doubt = abs(fine - coarse)
        if doubt + jump + noise < least:
            least = doubt + jump + noise
            best = float(fine), 2.0 * doubt + noise, float(jump) if jump > _tolerance(fine) + noise else 0.0
        if doubt + jump <= 0.1 * _tolerance(fine) + noise:
            break
    flat[i] = kept
    return best
