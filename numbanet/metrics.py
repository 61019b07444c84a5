"""Metrics: what is reported beside the loss. A metric adds up over batches in a small array on the device.

In compile they are named ("accuracy", "mae", ...) or given as objects. By themselves:
`m = Precision(); m.update_state(y_true, y_pred); m.result(); m.reset_state()`.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from .checks import fail, fraction, positive_integer
from .config import resolve
from .devices import get_device
from .errors import ArgumentError, DataError, DtypeError, ShapeError
from .kernels import accuracy, binary_accuracy, confusion, mean_error, top_k_accuracy
from .losses import BinaryCrossentropy, Hinge, Loss
from .program import Program


class Metric:
    """The base of all metrics. A subclass defines `record`, and `value` where it is not state[0] / state[1].

    States add up: that of two halves of the data, each by itself, is their sum, as it is between processes.
    """

    integer_targets = False  # True: targets are class labels
    state_shape: tuple[int, ...] = (2,)  # float64

    def __init__(self, name: str) -> None:
        self.name = name
        self._state: Any = None

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        """Write the calls that add a batch to `state`: p (R, C), t (R, C) or labels (R,)."""
        raise TypeError(f"{type(self).__name__} must define record(program, p, t, state)")

    def value(self, state: Any) -> Any:
        """What `state` amounts to."""
        return float(state[0] / state[1]) if state[1] else math.nan

    def for_loss(self, loss: Loss, outputs: int) -> Metric:
        """The metric as it is used beside this loss, for a model with that many outputs. Raises ArgumentError."""
        if self.integer_targets != loss.integer_targets:
            wants = "integer labels" if self.integer_targets else "targets in the shape of the output"
            raise ArgumentError(
                f"compile: metric {type(self).__name__} expects {wants}, which {type(loss).__name__} does not have. "
                'Use "accuracy" to take the one that fits.'
            )
        return self

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        """Add y_true and y_pred, arrays of one batch. Raises ShapeError, DtypeError or DataError."""
        owner, p, t = type(self).__name__, np.asarray(y_pred), np.asarray(y_true)
        kinds = "iu" if self.integer_targets else "fiub"
        if p.dtype.kind not in "fiub" or t.dtype.kind not in kinds:
            wanted = "integer labels" if self.integer_targets else "numbers"
            raise DtypeError(
                f"{owner}: expected y_pred of numbers and y_true of {wanted}, received {p.dtype} and {t.dtype}"
            )
        p = np.asarray(p, np.float32 if p.dtype == np.float32 else np.float64, order="C")
        t = np.asarray(t, np.int64 if self.integer_targets else p.dtype, order="C")
        if p.ndim == 1 and t.ndim == 1 and not self.integer_targets:
            p, t = p[:, None], t[:, None]  # one output each
        expected = p.shape[:-1] if self.integer_targets else p.shape
        if p.ndim < 2 or t.shape != expected:
            raise ShapeError(
                f"{owner}: expected y_pred of shape (N, outputs) and y_true of shape {expected}, "
                f"received y_pred {p.shape} and y_true {t.shape}"
            )
        if self.integer_targets and t.size and not 0 <= t.min() <= t.max() < p.shape[-1]:
            raise DataError(f"{owner}: expected labels from 0 to {p.shape[-1] - 1}. Received: {t.min()} to {t.max()}")
        if self._state is None:
            self.reset_state()
        program = Program(get_device("cpu"))
        rows = p.reshape(-1, p.shape[-1])
        self.record(program, rows, t.reshape(-1) if self.integer_targets else t.reshape(rows.shape), self._state)
        program.run()

    def result(self) -> Any:
        """The metric over all batches since the start or the last reset."""
        return self.value(np.zeros(self.state_shape) if self._state is None else self._state)

    def reset_state(self) -> None:
        """Forget the batches seen."""
        self._state = np.zeros(self.state_shape)

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Accuracy(Metric):
    """The share of right answers: binary, categorical or sparse categorical, as the loss and the output decide."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(name)

    def for_loss(self, loss: Loss, outputs: int) -> Metric:
        metric: Metric
        if loss.integer_targets:
            metric = SparseCategoricalAccuracy(self.name)
        elif outputs == 1 or isinstance(loss, BinaryCrossentropy | Hinge):
            metric = BinaryAccuracy(name=self.name)
        else:
            metric = CategoricalAccuracy(self.name)
        return metric.for_loss(loss, outputs)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        fail("Accuracy", "metric", "used in compile; by itself take BinaryAccuracy or CategoricalAccuracy", self.name)


class SparseCategoricalAccuracy(Metric):
    """The share of samples whose largest output is the one of their label."""

    integer_targets = True

    def __init__(self, name: str = "sparse_categorical_accuracy") -> None:
        super().__init__(name)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(accuracy).update_sparse, p, t, state)


class CategoricalAccuracy(Metric):
    """The share of samples whose largest output is where their target is largest."""

    def __init__(self, name: str = "categorical_accuracy") -> None:
        super().__init__(name)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(accuracy).update_categorical, p, t, state)


class SparseTopKCategoricalAccuracy(Metric):
    """The share of samples whose label is among the k largest outputs."""

    integer_targets = True

    def __init__(self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy") -> None:
        super().__init__(name)
        self.k = positive_integer(type(self).__name__, "k", k)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(top_k_accuracy).update_sparse, p, t, self.k, state)


class TopKCategoricalAccuracy(Metric):
    """The share of samples whose target's largest class is among the k largest outputs."""

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy") -> None:
        super().__init__(name)
        self.k = positive_integer(type(self).__name__, "k", k)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(top_k_accuracy).update_categorical, p, t, self.k, state)


class _Thresholded(Metric):
    """A metric of yes-or-no outputs: yes where the output is above a threshold.

    threshold: as a probability. from_logits: the outputs are logits, so that 0.5 means 0; None: as the loss says.
    """

    def __init__(self, threshold: float, from_logits: bool | None, name: str) -> None:
        super().__init__(name)
        self.threshold = fraction(type(self).__name__, "threshold", threshold)
        if from_logits and not self.threshold:
            fail(type(self).__name__, "threshold", "above 0 with from_logits=True", threshold)
        self.from_logits = from_logits

    def for_loss(self, loss: Loss, outputs: int) -> Metric:
        super().for_loss(loss, outputs)
        if self.from_logits is not None:
            return self
        chosen = copy.copy(self)
        # the sign of a hinge output decides, as that of a logit
        chosen.from_logits = isinstance(loss, Hinge) or getattr(loss, "from_logits", False)
        return chosen

    @property
    def cut(self) -> float:
        """The threshold on the model's output."""
        return math.log(self.threshold / (1.0 - self.threshold)) if self.from_logits else self.threshold


class BinaryAccuracy(_Thresholded):
    """The share of outputs on the right side of the threshold."""

    def __init__(self, threshold: float = 0.5, from_logits: bool | None = None, name: str = "binary_accuracy") -> None:
        super().__init__(threshold, from_logits, name)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(binary_accuracy).update, p, t, self.cut, state)


class Precision(_Thresholded):
    """True positives / all that were called positive; 0 where none was."""

    state_shape = (4,)

    def __init__(self, threshold: float = 0.5, from_logits: bool | None = None, name: str = "precision") -> None:
        super().__init__(threshold, from_logits, name)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(confusion).update_binary, p, t, self.cut, state)

    def value(self, state: Any) -> float:
        true_positives, false_positives, _, _ = state
        return float(true_positives / max(true_positives + false_positives, 1.0))


class Recall(Precision):
    """True positives / all that are positive; 0 where none is."""

    def __init__(self, threshold: float = 0.5, from_logits: bool | None = None, name: str = "recall") -> None:
        super().__init__(threshold, from_logits, name)

    def value(self, state: Any) -> float:
        true_positives, _, _, false_negatives = state
        return float(true_positives / max(true_positives + false_negatives, 1.0))


class _BinaryConfusionMatrix(_Thresholded):
    """Counts (2, 2) of a model with one output: row the true label, column the predicted one."""

    state_shape = (4,)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(confusion).update_binary, p, t, self.cut, state)

    def value(self, state: Any) -> Any:
        true_positives, false_positives, true_negatives, false_negatives = state
        return np.array([[true_negatives, false_positives], [false_negatives, true_positives]], np.int64)


class ConfusionMatrix(Metric):
    """Counts (num_classes, num_classes): row the true label, column the largest output.

    With one output and two classes the column is the side of 0.5, or of 0 for logits.
    """

    integer_targets = True

    def __init__(self, num_classes: int, name: str = "confusion_matrix") -> None:
        super().__init__(name)
        self.num_classes = positive_integer("ConfusionMatrix", "num_classes", num_classes)
        self.state_shape = (self.num_classes, self.num_classes)

    def for_loss(self, loss: Loss, outputs: int) -> Metric:
        if outputs == 1 and self.num_classes == 2:
            return _BinaryConfusionMatrix(0.5, None, self.name).for_loss(loss, outputs)
        if outputs != self.num_classes:
            raise ArgumentError(
                f"compile: ConfusionMatrix expects num_classes={outputs}, the model's outputs. "
                f"Received: num_classes={self.num_classes}"
            )
        return super().for_loss(loss, outputs)

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        outputs = np.shape(y_pred)[-1:]
        if outputs != self.state_shape[1:]:
            raise ShapeError(f"ConfusionMatrix: expected y_pred of {self.num_classes} outputs, received {outputs}")
        super().update_state(y_true, y_pred)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(confusion).update_sparse, p, t, state)

    def value(self, state: Any) -> Any:
        return np.array(state, np.int64)

    def get_config(self) -> dict[str, Any]:
        return {"num_classes": self.num_classes, "name": self.name}


class MeanAbsoluteError(Metric):
    """The mean of |prediction - target|."""

    def __init__(self, name: str = "mean_absolute_error") -> None:
        super().__init__(name)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(mean_error).absolute, p, t, state)


class MeanSquaredError(Metric):
    """The mean of (prediction - target)^2."""

    def __init__(self, name: str = "mean_squared_error") -> None:
        super().__init__(name)

    def record(self, program: Program, p: Any, t: Any, state: Any) -> None:
        program.call(program.kernels(mean_error).squared, p, t, state)


_known = {
    "accuracy": Accuracy,
    "acc": lambda: Accuracy("acc"),
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
    "mae": lambda: MeanAbsoluteError("mae"),
    "mean_absolute_error": MeanAbsoluteError,
    "mse": lambda: MeanSquaredError("mse"),
    "mean_squared_error": MeanSquaredError,
    "precision": Precision,
    "recall": Recall,
}


def get(metric: Any) -> Metric:
    """The metric of that name with its defaults, or the one given."""
    found: Metric = resolve("compile", "metrics", metric, Metric, _known)
    return found


def get_all(metrics: Any) -> list[Metric]:
    """The metrics of a list of names or objects. Raises ArgumentError where two have one name, or one is "loss"."""
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        fail("compile", "metrics", "a list", metrics)
    found = [get(metric) for metric in metrics]
    names = Counter(metric.name for metric in found)
    if twice := [name for name, count in names.items() if count > 1 or name == "loss"]:
        fail("compile", "metrics", "metrics of different names, none of them 'loss'", twice)
    return found
