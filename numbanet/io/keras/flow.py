"""What flows from layer to layer: the shape of samples, the layers made so far, and the arrays they take."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...errors import DtypeError
from ...layers.base import Layer, Shape
from ..problems import Unsupported


class Stored(NamedTuple):
    """An array of Keras's that is not read before its shape fits."""

    shape: Shape
    dtype: str
    read: Callable[[], Any]


class UnknownShape(Exception):
    """The shape depends on a layer that has none here."""


class Flow:
    """A chain of layers in the making. old: whether an older Keras than 3 described it. batch: samples in a batch."""

    def __init__(self, shape: Shape, old: bool, batch: int | None) -> None:
        self.old, self.batch = old, batch
        self.layers: list[Layer] = []
        self.values: list[Any] = []
        self.dtypes: set[str] = set()
        self._shape: Shape | None = shape
        self._arrays: list[Stored] = []

    @property
    def shape(self) -> Shape:
        if self._shape is None:
            raise UnknownShape
        return self._shape

    def names(self) -> set[str | None]:
        """Those that the layers made so far were given."""
        return {layer.name for layer in self.layers}

    def begin(self, arrays: Sequence[Stored]) -> None:
        """The next layer takes these."""
        self._arrays = list(arrays)

    def end(self) -> None:
        """Raises Unsupported where the layer left some."""
        if self._arrays and self._shape is not None:
            raise Unsupported(f"it has {len(self._arrays)} more arrays of weights than its layer here takes")

    def lose(self) -> None:
        """A layer has none here: what comes after is looked at by itself."""
        self._shape = None

    def inside(self) -> Flow:
        """A chain that each step of this one's samples goes through: it takes the arrays from here."""
        inner = Flow(self.shape[1:], self.old, self.batch)
        inner._arrays = self._arrays
        return inner

    def add_inside(self, inner: Flow, layers: Sequence[Layer]) -> None:
        """Put layers after the others that hold those of an inner chain."""
        self.layers += layers
        self.values += inner.values
        self.dtypes |= inner.dtypes
        self._shape = (self.shape[0], *inner.shape)

    def add(self, layer: Layer, merged: bool = False) -> None:
        """Put a layer after the others, with the next arrays. Raises ShapeError where it does not fit.

        merged: the last two axes of its kernel in Keras, channels and what each is multiplied to, are one here.
        """
        d = layer.describe(self.shape)
        for p in d.parameters:
            is_state = p.name.rpartition("/")[2].startswith("state_")
            self.values.append(np.zeros(p.shape, np.float32) if is_state else self.take(p.name, p.shape, merged))
        self.layers.append(layer)
        self._shape = d.output_shape

    def given(self, layer: Layer, values: Sequence[Any]) -> None:
        """Put a layer after the others whose values are known."""
        shape = layer.describe(self.shape).output_shape
        self.layers.append(layer)
        self.values += values
        self._shape = shape

    def take(self, name: str, shape: Shape | None = None, merged: bool = False) -> Any:
        """The next array, of that shape."""
        if not self._arrays:
            raise Unsupported(f"its {name} is missing")
        stored = self._arrays.pop(0)
        wanted = stored.shape if shape is None else shape
        as_one = (*stored.shape[:-2], math.prod(stored.shape[-2:])) if len(stored.shape) > 2 else ()
        if stored.shape != wanted and not (merged and as_one == (*wanted[:-2], wanted[-1])):
            raise Unsupported(f"its {name} has the shape {stored.shape}, expected {wanted}")
        if stored.dtype not in ("float32", "float64"):
            raise Unsupported(f"its {name} is of {stored.dtype}, expected float32 or float64")
        self.dtypes.add(stored.dtype)
        return np.array(stored.read(), order="C").reshape(wanted)

    def skip(self) -> None:
        """The next array has no place here."""
        if self._arrays:
            self._arrays.pop(0)

    def dtype(self, owner: str) -> str:
        """The type of all arrays. Raises DtypeError where there are two."""
        if len(self.dtypes) > 1:
            raise DtypeError(f"{owner}: expected weights of float32, or all of float64, received both")
        return next(iter(self.dtypes), "float32")
