"""Dropout: noise against overfitting."""

from __future__ import annotations

from typing import Any

from ..checks import fraction
from ..kernels import dropout
from ..program import Program
from .base import Description, Layer, Shape, Tensors


class Dropout(Layer):
    """In training, each element is zero with probability `rate`, else divided by 1 - rate; in inference, unchanged.

    Input and output of any shape. The mask is a function of (seed, layer, step, element), so it is the same on every
    device and on any number of threads. Equations and source: numbanet.kernels.dropout.

    Raises ArgumentError where rate is not in [0, 1).
    """

    def __init__(self, rate: float, name: str | None = None) -> None:
        super().__init__(name)
        self.rate = fraction("Dropout", "rate", rate)

    def describe(self, input_shape: Shape) -> Description:
        return Description(input_shape, saved={"mask": input_shape})

    def passes_through(self, training: bool) -> bool:
        return not training or self.rate == 0.0

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        mask, x, y = (a.reshape(-1) for a in (t.saved["mask"], t.x, t.y))
        forward = program.kernels(dropout).forward
        program.call(forward, x, self.rate, t.seed, t.stream, t.iteration, mask, y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            dy, mask, dx = (a.reshape(-1) for a in (t.dy, t.saved["mask"], t.dx))
            program.call(program.kernels(dropout).backward, dy, mask, dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate}
