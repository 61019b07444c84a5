"""Normalization: numbers of mean 0 and variance 1 by what was measured on the data before training.

Equations: numbanet.kernels.standardization.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..checks import boolean, fail
from ..errors import ShapeError, StateError
from ..initializers import Initializer
from ..kernels import standardization
from ..program import Program
from .base import Description, Layer, Parameter, Shape, Tensors
from .homes import home
from .moments import Kept, kept, mean_and_variance

EPSILON = 1e-7  # Keras's: the least that a feature is divided by
MOST_IN_CONFIG = 4096  # places whose numbers a configuration has; of more the weights alone have them


class Normalization(Layer):
    """Y = (x - mean) / max(sqrt(variance), 1e-7), with the mean and variance of the data, which training leaves alone.

    Input and output (N, ...). Either `adapt` measures mean and variance, before the model is built, or they are given:

        scale = nn.layers.Normalization()
        scale.adapt(x_train)
        model = nn.Sequential([scale, nn.layers.Dense(10)])

    Parameters, which are not trained, are saved and may be set like all others: mean and variance, of the sizes of the
    axes in `axis`, (1,) where there are none. `get_config` has them, too, unless they are more than 4,096 numbers.

    axis: the axis or neighbouring axes, counted with the batch axis 0, whose places have a mean and variance of their
        own: -1 for each feature or channel, (1, 2, 3) for each pixel of each channel, None for one of all.
    mean, variance: numbers, one for all places, or nested lists or arrays of them; both or neither. Variance 0 or more.
    invert: True turns standardised numbers back into those of the data, y = x max(sqrt(variance), 1e-7) + mean.

    Raises ArgumentError for a value it cannot use; at build ShapeError where they do not fit the input, and StateError
    where the layer has neither been adapted nor been given a mean and variance.
    """

    keeps_mask = True

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        self.axis = _axes(axis)
        self.invert = boolean("Normalization", "invert", invert)
        self.mean: Any = None
        self.variance: Any = None
        self._initializers = _Measured(self, "mean"), _Measured(self, "variance")
        if (mean is None) != (variance is None):
            missing = "mean" if mean is None else "variance"
            fail("Normalization", missing, "given where the other of mean and variance is", None)
        if mean is not None:
            self._take(_numbers("mean", mean), _numbers("variance", variance))

    def _take(self, mean: Any, variance: Any) -> None:
        if mean.shape != variance.shape:
            fail("Normalization", "variance", f"of the shape of mean, {mean.shape}", variance.tolist())
        if (variance < 0).any():
            fail("Normalization", "variance", "0 or more", variance.tolist())
        self.mean, self.variance = mean.tolist(), variance.tolist()

    def adapt(self, data: Any) -> None:
        """Take mean and variance, computed in float64, from the training data; what was there before is forgotten.

        data: an array (N, ...), also one mapped from a file, or an iterable of batches (n, ...) or tuples (x, y, ...)
        as `fit` takes them. Infinite iterables never end. Call it before the model is built, by `build` or `fit`: a
        model has values of its own, which model.set_weights([mean, variance], layer.name) changes.

        Raises StateError where a model was built with the layer, DataError for NaN, infinity or no data, ShapeError,
        DtypeError and ArgumentError for what is no data; the layer is then as it was.
        """
        if home(self) is not None:
            raise StateError(
                f"Normalization ({self.name!r}): adapt expected a layer whose model is not built, because a model that "
                "is built has a mean and variance of its own. Adapt a new layer before build or fit, or change the "
                f"model's: model.set_weights([mean, variance], {self.name!r})."
            )
        self._take(*mean_and_variance("Normalization: adapt", data, self._places))

    @property
    def _places(self) -> tuple[int, ...]:
        return () if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis

    def describe(self, input_shape: Shape) -> Description:
        of, shape = kept(self._places, (1, *input_shape)), np.shape(self.mean)
        if shape not in ((), of.shape):  # () also where nothing is known yet, as in a layer from a file
            raise ShapeError(
                f"expected input with {shape} along axis={self.axis}, as its mean and variance have it, received "
                f"{of.shape}. Adapt it to data of this shape."
            )
        sizes, (mean, variance) = of.shape or (1,), self._initializers
        statistics = (
            Parameter("mean", sizes, mean, trainable=False),
            Parameter("variance", sizes, variance, trainable=False),
        )
        return Description(input_shape, statistics)

    def _features(self, a: Any) -> Any:
        """The array as (R, C, S)."""
        of: Kept = kept(self._places, a.shape)
        return a.reshape(of.rows, of.features, of.inside)

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        loops = program.kernels(standardization)
        mean, variance = (t.parameters[name].reshape(-1) for name in ("mean", "variance"))
        kernel = loops.inverse if self.invert else loops.forward
        program.call(kernel, self._features(t.x), mean, variance, EPSILON, self._features(t.y))

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            loops = program.kernels(standardization)
            kernel = loops.inverse_backward if self.invert else loops.backward
            variance = t.parameters["variance"].reshape(-1)
            program.call(kernel, self._features(t.dy), variance, EPSILON, self._features(t.dx))

    @property
    def keeps_output(self) -> bool:
        return False

    def get_config(self) -> dict[str, Any]:
        short = np.size(self.mean) <= MOST_IN_CONFIG
        return super().get_config() | {
            "axis": list(self.axis) if isinstance(self.axis, tuple) else self.axis,
            "mean": self.mean if short else None,
            "variance": self.variance if short else None,
            "invert": self.invert,
        }


class _Measured(Initializer):
    """The layer's mean or variance. Raises StateError where it has none; a network from a file does not ask."""

    def __init__(self, layer: Normalization, name: str) -> None:
        self._layer, self._name = layer, name

    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        if (values := getattr(self._layer, self._name)) is None:
            raise StateError(
                f"Normalization ({self._layer.name!r}): expected a mean and variance. Call adapt(data) before build or "
                "fit, or give both."
            )
        return np.broadcast_to(values, shape)

    def __repr__(self) -> str:
        return f"{self._name} of {self._layer.name!r}"


def _axes(axis: Any) -> int | tuple[int, ...] | None:
    """An axis, several, or none."""
    found = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    if axis is not None and not all(isinstance(a, numbers.Integral) and not isinstance(a, bool) for a in found):
        fail("Normalization", "axis", "an axis, a tuple of neighbouring axes, or None", axis)
    if axis is None or not found:
        return None
    return tuple(int(a) for a in found) if isinstance(axis, tuple | list) else int(found[0])


def _numbers(argument: str, value: Any) -> Any:
    """The value as a float64 array of finite numbers."""
    try:
        found = np.asarray(value)
    except (ValueError, TypeError):
        found = np.asarray(None)
    if found.dtype.kind not in "fiu" or not np.isfinite(found).all() or not found.size:
        fail("Normalization", argument, "a finite number, or an array of them", value)
    return found.astype(np.float64)
