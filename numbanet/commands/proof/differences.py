"""The reference's backward passes against central differences of its forward passes, every element, in float64.

A backward kernel belongs to the forward kernel of its name, and its arguments to those of the same names: dx is the
gradient of L by x, where L is the sum of dy * y, or the mean of the losses. What a backward kernel sums in parts,
dgammas, is added up as another kernel does it. The loops run as plain Python, on float64 arrays of a few elements.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...bench.case import Case, Given
from ...kernels._kernel import Kernel
from ..uncompiled import in_python
from .sizes import tiny_cases

STEP = 1e-4  # of the differences, of which two are combined: the error is of order STEP^4, and 1e-16 / STEP of L
TOLERANCE = 1e-7  # of the largest element of a gradient
Values = dict[str, Any]


@dataclass
class Proof:
    """The worst error of the gradients of an operation, and how many arrays were compared."""

    gradients: int = 0
    elements: int = 0
    worst: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def take(self, name: str, found: Any, expected: Any) -> None:
        """Compare a gradient with the differences."""
        scale = max(float(np.abs(expected).max(initial=0.0)), 1e-3)
        error = float(np.abs(found - expected).max(initial=0.0)) / scale
        self.gradients += 1
        self.elements += expected.size
        self.worst = error if np.isnan(error) else max(self.worst, error)
        if not error <= TOLERANCE:
            apart = np.nan_to_num(np.abs(found - expected), nan=np.inf)
            place = tuple(int(k) for k in np.unravel_index(int(np.argmax(apart)), expected.shape))
            told = f"backward {found[place]:.6g}, differences {expected[place]:.6g}"
            self.wrong.append(f"{name}{list(place)}: {told}")


def prove(operation: str) -> Proof:
    """Compare every backward kernel of an operation that has a forward kernel of its name."""
    proof = Proof()
    found = {case.function: case for case in tiny_cases(operation)}
    sums: Values = {}
    for name, case in found.items():
        forward = found.get(_forward_name(name))
        if forward is not None and name.endswith("_in_place_backward"):
            _prove_in_place(proof, forward, case)
        elif forward is not None:
            _prove(proof, operation, forward, case, sums)
    return proof


def _prove_in_place(proof: Proof, forward: Case, backward: Case) -> None:
    """A forward pass that turns x into y where it lies, and a backward pass that turns dy into dx."""
    (x,) = forward.make("float64")
    *_, dy = backward.make("float64")
    kernel: Kernel = forward.kernel("reference")

    def output() -> Any:
        y = x.copy()
        in_python(kernel, [y])
        return y

    dx = dy.copy()
    in_python(backward.kernel("reference"), [output(), dx])
    proof.take(f"{backward.function}: dx", dx, differences(x, lambda: float((dy * output()).sum())))


def _forward_name(backward: str) -> str:
    """backward_sparse: forward_sparse. relu_backward: relu. backward_input: forward. Nothing for other names."""
    if backward.endswith("_backward"):
        return backward.removesuffix("_backward")
    if not backward.startswith("backward"):
        return ""
    ending = backward.removeprefix("backward")
    return f"forward{ending}" if ending in ("_sparse", "_probabilities") else "forward"


def _prove(proof: Proof, operation: str, forward: Case, backward: Case, sums: Values) -> None:
    kernel: Kernel = forward.kernel("reference")
    values = dict(zip(kernel.parameters, forward.make("float64"), strict=True))
    outputs = {name for name, g in zip(values, forward.arguments, strict=True) if isinstance(g, Given) and g.written}
    runs = _forward_pass(operation, kernel, values, backward.function)
    runs()
    outer: Kernel = backward.kernel("reference")
    arguments = _arguments(outer, backward, values, sums)
    in_python(outer, list(arguments.values()))
    loss = _loss(values, arguments, runs)
    inputs = set(values) - outputs
    for name, given in zip(arguments, backward.arguments, strict=True):
        source = name[1:] if name[1:] in inputs else name[1:].removesuffix("s")
        if isinstance(given, Given) and given.written and name.startswith("d") and source in inputs:
            gradient = arguments[name]
            sums[name] = gradient
            if gradient.shape != values[source].shape:  # parts, which are still to be added up
                gradient = gradient.sum(axis=0).reshape(values[source].shape)
                sums[f"d{source}"] = gradient
            expected = differences(values[source], loss)
            if operation == "masking":  # what is left out would count once it were another number: there is a jump
                gradient, expected = (a * values["mask"][..., None] for a in (gradient, expected))
            proof.take(f"{backward.function}: d{source}", gradient, expected)


def _arguments(kernel: Kernel, case: Case, values: Values, sums: Values) -> Values:
    """What the backward kernel takes: the forward pass's own arrays where it has them, else those of the case."""
    given = dict(zip(kernel.parameters, case.make("float64"), strict=True))
    written = {name for name, g in zip(given, case.arguments, strict=True) if isinstance(g, Given) and g.written}
    known = values | sums
    return {name: known[name] if name in known and name not in written else value for name, value in given.items()}


def _forward_pass(operation: str, kernel: Kernel, values: Values, backward: str) -> Callable[[], None]:
    """What computes the outputs anew from the values as they are."""
    if (
        operation == "batch_norm" and backward != "backward_input_of_inference"
    ):  # whose mean and variance are those of x

        def whole() -> None:
            values["mean"][...], values["variance"][...] = values["x"].mean(axis=0), values["x"].var(axis=0)
            in_python(kernel, list(values.values()))

        return whole
    return lambda: in_python(kernel, list(values.values()))


def _loss(values: Values, arguments: Values, runs: Callable[[], None]) -> Callable[[], float]:
    """L, computed anew: the sum of dy * y for each output that has a gradient, or the mean of the losses."""
    if "losses" in values:

        def mean() -> float:
            runs()
            return float(values["losses"].mean())

        return mean
    outputs = [name for name in values if f"d{name}" in arguments and name in ("y", "h")]

    def weighted() -> float:
        runs()
        return sum(float((arguments[f"d{name}"] * values[name]).sum()) for name in outputs)

    return weighted


def differences(values: Any, loss: Callable[[], float]) -> Any:
    """The derivative of the loss by each element of an array, which is changed in place and put back."""
    found = np.empty(values.shape)
    for place in np.ndindex(*values.shape):
        kept = values[place]
        slopes = []
        for step in (STEP, STEP / 2):
            values[place] = kept + step
            above = loss()
            values[place] = kept - step
            slopes.append((above - loss()) / (2 * step))
        values[place] = kept
        found[place] = (4 * slopes[1] - slopes[0]) / 3  # Richardson
    return found
