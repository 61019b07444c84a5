"""Layers that change how the same numbers are laid out, and compute nothing."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from ..checks import fail
from ..errors import ShapeError
from .base import Description, Layer, Shape, batch_shape


class Flatten(Layer):
    """(N, ...) -> (N, the product of ...): makes vectors of images or sequences."""

    def describe(self, input_shape: Shape) -> Description:
        return Description((math.prod(input_shape),))

    def passes_through(self, training: bool) -> bool:
        return True


class Reshape(Layer):
    """(N, ...) -> (N, *target_shape): the same numbers in the same order, the last axis fastest.

    target_shape: sizes without the batch axis; one of them may be -1, for what is left.

    Raises ArgumentError for sizes it cannot use, and ShapeError at build where the numbers do not fit.
    """

    def __init__(self, target_shape: Sequence[int], name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        sizes = tuple(target_shape) if isinstance(target_shape, tuple | list) else ()
        if not sizes or not all(map(_is_size, sizes)) or sizes.count(-1) > 1:
            fail("Reshape", "target_shape", "a tuple of positive sizes, at most one of them -1", target_shape)
        self.target_shape = tuple(int(s) for s in sizes)

    def describe(self, input_shape: Shape) -> Description:
        size = math.prod(input_shape)
        known = math.prod(s for s in self.target_shape if s != -1)
        output_shape = tuple(size // known if s == -1 else s for s in self.target_shape)
        if math.prod(output_shape) != size:
            samples = f"{known} numbers" if -1 not in self.target_shape else f"a multiple of {known} numbers"
            raise ShapeError(
                f"expected samples of {samples} for target_shape={self.target_shape}, "
                f"received {batch_shape(input_shape)}, which are {size}."
            )
        return Description(output_shape)

    def passes_through(self, training: bool) -> bool:
        return True

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"target_shape": list(self.target_shape)}


def _is_size(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and (int(value) > 0 or int(value) == -1)
