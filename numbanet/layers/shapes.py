"""Layers that change how the same numbers are laid out, and compute nothing."""

from __future__ import annotations

import math

from .base import Description, Layer, Shape


class Flatten(Layer):
    """(N, ...) -> (N, the product of ...): makes vectors of images or sequences."""

    def describe(self, input_shape: Shape) -> Description:
        return Description((math.prod(input_shape),))

    def passes_through(self, training: bool) -> bool:
        return True
