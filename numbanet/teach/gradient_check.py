"""check_gradients: every element of a model's gradient against central differences.

The check runs in float64 on the model's own device and kernels, whatever the model's type. For each element w it
compares dL/dw with

    D(h) = (L(w + h) - L(w - h)) / 2h,   improved to  (4 D(h/2) - D(h)) / 3   (Richardson),

whose error is of order h^4. With h = 1e-3 max(1, |w|) the truncation is about 1e-12 of the higher derivatives and the
rounding about 1e-13 of the loss, so that a tolerance of 1e-7 parts a right gradient from a wrong one by far.

At a kink (ReLU at 0, |w| at 0) there is no derivative to compare with. It shows in one-sided slopes that differ at
every step size; such an element is tried with smaller steps first, and reported as a kink if that does not help.
Dropout is frozen: its mask depends on the training step alone. Regularisation is part of the loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model import Sequential

STEP = 1e-3
RETRIES = 4  # a step 10 times smaller each: from 1e-3 to 1e-7
RELATIVE, ABSOLUTE = 1e-7, 1e-9


@dataclass(frozen=True)
class Row:
    """One array's verdict."""

    name: str
    elements: int
    worst: float  # the largest |found - expected| / max(|expected|, 1e-2 of the array's largest), without kinks
    at: tuple[int, ...]
    found: float
    expected: float
    wrong: int
    kinks: int

    @property
    def ok(self) -> bool:
        return self.wrong == 0


@dataclass(frozen=True)
class Report:
    """The verdicts on all parameters and the input; true where all gradients are right."""

    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        return all(row.ok for row in self.rows)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        table = [("array", "elements", "worst error", "wrong", "kinks", "verdict")]
        for r in self.rows:
            where = "" if r.ok else f" at {list(r.at)}: backward {r.found:.6g}, differences {r.expected:.6g}"
            verdict = ("right" if r.ok else "WRONG") + where
            table.append((r.name, f"{r.elements:,}", f"{r.worst:.1e}", str(r.wrong), str(r.kinks), verdict))
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
    every element of every parameter and of x agrees to 1e-7 of its size (floor 1e-9), or lies at a kink.
    Takes two losses or more for each element: meant for small batches and networks.
    """
    twin = _in_double(model, x)
    dtype = np.dtype("float64")
    x = np.array(x, dtype)
    y = np.array(y, None if model.loss and model.loss.integer_targets else dtype)
    weights = None if sample_weight is None else np.array(sample_weight, dtype)
    _, gradients = twin.gradients(x, y, weights, training)
    input_gradient = twin.input_gradient(x, y, weights, training)
    network = twin._built("check_gradients")

    def loss() -> float:
        return twin.loss_value(x, y, weights, training)

    targets = [(f"{s.layer}/{s.parameter.name}", s.value, g) for s, g in zip(network.trained, gradients, strict=True)]
    report = Report(tuple(_compare(*target, loss) for target in [*targets, ("input", x, input_gradient)]))
    if verbose:
        print(report)
    return report


def _in_double(model: Sequential, x: Any) -> Sequential:
    """The same layers, weights, loss and training step in float64; no optimizer touches it."""
    if not model.built:
        model._build_from("check_gradients", x)
    network = model._ready("check_gradients").network
    twin = Sequential(seed=model.seed)
    twin.layers = model.layers
    twin.build(network.input_shape, network.device, "float64")
    twin.compile("sgd", model.loss)
    twin.set_weights([w.astype(np.float64) for w in model.get_weights()])
    twin._built("check_gradients").iteration[...] = network.iteration
    return twin


def _compare(name: str, values: Any, found: Any, loss: Callable[[], float]) -> Row:
    """Check one array's gradient, element by element; `values` is changed in place and restored."""
    flat, gradient = values.reshape(-1), found.reshape(-1)
    expected, kink = np.empty(flat.size), np.zeros(flat.size, bool)
    for i in range(flat.size):
        expected[i], kink[i] = _derivative(flat, i, loss)
    error = np.abs(gradient - expected)
    wrong = ~(error <= ABSOLUTE + RELATIVE * np.abs(expected)) & ~kink
    scale = np.maximum(np.abs(expected), 1e-2 * np.abs(expected).max(initial=0.0) + ABSOLUTE / RELATIVE)
    relative = np.where(kink, 0.0, error / scale)
    worst = int(np.argmax(np.where(np.isnan(relative), np.inf, relative)))
    at = tuple(int(k) for k in np.unravel_index(worst, values.shape))
    return Row(
        name,
        flat.size,
        float(relative[worst]),
        at,
        float(gradient[worst]),
        float(expected[worst]),
        int(wrong.sum()),
        int(kink.sum()),
    )


def _derivative(flat: Any, i: int, loss: Callable[[], float]) -> tuple[float, bool]:
    """The derivative by element i, and whether there is a kink instead."""
    kept = float(flat[i])

    def at(offset: float) -> float:
        flat[i] = kept + offset
        return loss()

    centre = loss()
    h = STEP * max(1.0, abs(kept))
    best, is_kink = 0.0, True
    for _ in range(RETRIES + 1):
        wide = at(h), at(-h)
        narrow = at(h / 2), at(-h / 2)
        coarse, fine = (wide[0] - wide[1]) / (2 * h), (narrow[0] - narrow[1]) / h
        best = (4 * fine - coarse) / 3
        # rounding of the losses, as it appears in a slope
        noise = 8 * np.finfo(np.float64).eps * max(abs(centre), 1e-3) / h
        # a smooth loss bends with h, a kink jumps: one-sided slopes differ by the same amount at h and at h / 2
        bend_wide = (wide[0] - 2 * centre + wide[1]) / h
        bend_narrow = 2 * (narrow[0] - 2 * centre + narrow[1]) / h
        smooth = abs(coarse - fine) <= 1e-4 * max(abs(fine), 1e-3) + noise
        jumps = abs(bend_narrow) > 0.75 * abs(bend_wide) and abs(bend_wide) > 1e-6 * max(abs(fine), 1e-3) + 4 * noise
        if smooth and not jumps:
            is_kink = False
            break
        h /= 10
    flat[i] = kept
    return best, is_kink
