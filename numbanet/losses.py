"""Losses: what training makes small. Each is the mean over the samples of (sample weight) x (loss of the sample).

The mean divides by the number of samples, not by the sum of the weights, as in Keras. The cross-entropies expect
logits unless told otherwise (from_logits=False): softmax or sigmoid and logarithm in one kernel stay exact where the
probabilities would round to 0 or 1. Equations and sources are in the kernels' contracts.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .checks import boolean, fraction, positive
from .config import resolve
from .errors import DataError, ShapeError
from .kernels import (
    binary_cross_entropy,
    cross_entropy,
    hinge,
    huber,
    mean_absolute_error,
    mean_squared_error,
    softmax_cross_entropy,
)
from .program import Program

Shape = tuple[int, ...]


class Loss:
    """The base of all losses. A subclass defines `forward` and `backward`, over rows: p (R, C), t (R, C) or (R,)."""

    integer_targets = False  # True: targets are class labels, without the last axis of the output
    target_range: tuple[float, float] | None = None  # of targets that are not labels
    plain_targets = False  # True: `prepare` does nothing but what target_range or the labels' range say

    def target_shape(self, output_shape: Shape) -> Shape:
        """The shape of a sample's target, for a model's output of that shape."""
        return output_shape[:-1] if self.integer_targets else output_shape

    def prepare(self, y: Any, output_shape: Shape) -> Any:
        """Check the values of targets that have the right shape and type. Raises DataError."""
        return y

    def forward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, losses: Any) -> None:
        """Write the calls for losses[r] = weights[r] x (loss of row r); `saved` (R,) is for the backward pass."""
        raise TypeError(f"{type(self).__name__} must define forward(program, p, t, weights, saved, losses)")

    def backward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, dp: Any) -> None:
        """Write the calls for dp, the gradient of the mean of the losses."""
        raise TypeError(f"{type(self).__name__} must define backward(program, p, t, weights, saved, dp)")

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class _Plain(Loss):
    """A loss whose kernels are `forward` and `backward` of `operation`, with the numbers of `arguments`."""

    operation: Any = None
    plain_targets = True

    def arguments(self) -> tuple[float, ...]:
        return ()

    def forward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, losses: Any) -> None:
        program.call(program.kernels(self.operation).forward, p, t, weights, *self.arguments(), losses)

    def backward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, dp: Any) -> None:
        program.call(program.kernels(self.operation).backward, p, t, weights, *self.arguments(), dp)


class MeanSquaredError(_Plain):
    """The mean over outputs of (p - t)^2."""

    operation = mean_squared_error


class MeanAbsoluteError(_Plain):
    """The mean over outputs of |p - t|."""

    operation = mean_absolute_error


class Huber(_Plain):
    """Squared up to `delta`, linear beyond it: Huber 1964."""

    operation = huber

    def __init__(self, delta: float = 1.0) -> None:
        self.delta = positive("Huber", "delta", delta)

    def arguments(self) -> tuple[float, ...]:
        return (self.delta,)


class Hinge(_Plain):
    """The mean over outputs of max(1 - t p, 0), for targets -1 and 1; a target 0 is taken as -1, as in Keras."""

    operation = hinge
    plain_targets = False

    def prepare(self, y: Any, output_shape: Shape) -> Any:
        _require(np.isin(y, (-1, 0, 1)), y, "Hinge", "targets of -1 and 1 (or 0 and 1)")
        return np.where(y == 0, -1, y).astype(y.dtype)


class BinaryCrossentropy(Loss):
    """-t log q - (1 - t) log(1 - q), the mean over outputs; q = sigmoid(output), or the output itself.

    from_logits: True (the default, unlike Keras): the last layer has no activation. False: it is a sigmoid.
    label_smoothing: s in [0, 1) replaces t by t (1 - s) + s / 2. Targets are numbers from 0 to 1.
    """

    target_range = (0.0, 1.0)
    plain_targets = True

    def __init__(self, from_logits: bool = True, label_smoothing: float = 0.0) -> None:
        self.from_logits = boolean("BinaryCrossentropy", "from_logits", from_logits)
        self.label_smoothing = fraction("BinaryCrossentropy", "label_smoothing", label_smoothing)

    def prepare(self, y: Any, output_shape: Shape) -> Any:
        return _require((y >= 0) & (y <= 1), y, "BinaryCrossentropy", "targets from 0 to 1")

    def forward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, losses: Any) -> None:
        loops = program.kernels(binary_cross_entropy)
        forward = loops.forward if self.from_logits else loops.forward_probabilities
        program.call(forward, p, t, weights, self.label_smoothing, losses)

    def backward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, dp: Any) -> None:
        loops = program.kernels(binary_cross_entropy)
        backward = loops.backward if self.from_logits else loops.backward_probabilities
        program.call(backward, p, t, weights, self.label_smoothing, dp)

    def get_config(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing}


class CategoricalCrossentropy(Loss):
    """-sum over classes of t log q; q = softmax(output), or the output itself. Targets one-hot or distributions.

    from_logits: True (the default, unlike Keras): the last layer has no activation. False: it is a softmax.
    label_smoothing: s in [0, 1) replaces t by t (1 - s) + s / C.
    """

    target_range = (0.0, 1.0)
    plain_targets = True

    def __init__(self, from_logits: bool = True, label_smoothing: float = 0.0) -> None:
        self.from_logits = boolean("CategoricalCrossentropy", "from_logits", from_logits)
        self.label_smoothing = fraction("CategoricalCrossentropy", "label_smoothing", label_smoothing)

    def prepare(self, y: Any, output_shape: Shape) -> Any:
        return _require((y >= 0) & (y <= 1), y, "CategoricalCrossentropy", "targets from 0 to 1")

    def forward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, losses: Any) -> None:
        if self.from_logits:
            forward = program.kernels(softmax_cross_entropy).forward
            program.call(forward, p, t, weights, self.label_smoothing, saved, losses)
        else:
            program.call(program.kernels(cross_entropy).forward, p, t, weights, self.label_smoothing, losses)

    def backward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, dp: Any) -> None:
        if self.from_logits:
            backward = program.kernels(softmax_cross_entropy).backward
            program.call(backward, p, t, weights, self.label_smoothing, saved, dp)
        else:
            program.call(program.kernels(cross_entropy).backward, p, t, weights, self.label_smoothing, dp)

    def get_config(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing}


class SparseCategoricalCrossentropy(Loss):
    """-log q[label]; q = softmax(output), or the output itself. Targets are integers from 0 to classes - 1.

    from_logits: True (the default, unlike Keras): the last layer has no activation. False: it is a softmax.
    """

    integer_targets = True
    plain_targets = True

    def __init__(self, from_logits: bool = True) -> None:
        self.from_logits = boolean("SparseCategoricalCrossentropy", "from_logits", from_logits)

    def target_shape(self, output_shape: Shape) -> Shape:
        if output_shape[-1] < 2:
            raise ShapeError(
                "SparseCategoricalCrossentropy: expected a model with an output for each class, 2 or more, received "
                f"{output_shape[-1]}. For one output of two classes use BinaryCrossentropy."
            )
        return super().target_shape(output_shape)

    def prepare(self, y: Any, output_shape: Shape) -> Any:
        classes = output_shape[-1]
        expected = f"labels from 0 to {classes - 1} (the model has {classes} outputs)"
        return _require((y >= 0) & (y < classes), y, "SparseCategoricalCrossentropy", expected)

    def forward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, losses: Any) -> None:
        if self.from_logits:
            program.call(program.kernels(softmax_cross_entropy).forward_sparse, p, t, weights, saved, losses)
        else:
            program.call(program.kernels(cross_entropy).forward_sparse, p, t, weights, losses)

    def backward(self, program: Program, p: Any, t: Any, weights: Any, saved: Any, dp: Any) -> None:
        if self.from_logits:
            program.call(program.kernels(softmax_cross_entropy).backward_sparse, p, t, weights, saved, dp)
        else:
            program.call(program.kernels(cross_entropy).backward_sparse, p, t, weights, dp)

    def get_config(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits}


def warn_of_double_activation(loss: Loss, last: Any) -> None:
    """A softmax below a loss that applies one itself trains badly, and says nothing."""
    name = type(getattr(last, "activation", last)).__name__
    if getattr(loss, "from_logits", False) and name in ("Softmax", "Sigmoid", "LogSoftmax"):
        kind = type(loss).__name__
        warnings.warn(
            f"{kind} expects logits, and the last layer {last.name!r} applies {name} already. "
            f"Remove it, or use {kind}(from_logits=False).",
            stacklevel=4,
        )


def _require(good: Any, y: Any, owner: str, expected: str) -> Any:
    if not good.all():
        at = np.unravel_index(int(np.argmin(good)), good.shape)
        where = ", ".join(str(int(i)) for i in at)
        raise DataError(f"{owner}: expected {expected}. Received: y[{where}] = {y[at]}")
    return y


_known = {
    "mse": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "mean_absolute_error": MeanAbsoluteError,
    "huber": Huber,
    "hinge": Hinge,
    "binary_crossentropy": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
}


def get(loss: Any) -> Loss:
    """The loss of that name with its defaults, or the one given."""
    found: Loss = resolve("compile", "loss", loss, Loss, _known)
    return found
