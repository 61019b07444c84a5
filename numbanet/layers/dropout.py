"""Dropout: noise against overfitting."""

from __future__ import annotations

from typing import Any

from ..checks import fraction
from ..kernels import dropout, spatial_dropout
from ..program import Program
from .base import Description, Layer, Shape, Tensors


class _Dropout(Layer):
    """In training some of the input is zero, else it is divided by 1 - rate; in inference nothing happens."""

    def __init__(self, rate: float, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.rate = fraction(type(self).__name__, "rate", rate)

    keeps_mask = True

    def passes_through(self, training: bool) -> bool:
        return not training or self.rate == 0.0

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate}


class Dropout(_Dropout):
    """In training, each element is zero with probability `rate`, else divided by 1 - rate; in inference, unchanged.

    Input and output of any shape. The mask is a function of (seed, layer, step, element), so it is the same on every
    device and on any number of threads. Equations and source: numbanet.kernels.dropout.

    Raises ArgumentError where rate is not in [0, 1).
    """

    def describe(self, input_shape: Shape) -> Description:
        return Description(input_shape, saved={"mask": input_shape})

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        mask, x, y = (a.reshape(-1) for a in (t.saved["mask"], t.x, t.y))
        forward = program.kernels(dropout).forward
        program.call(forward, x, self.rate, t.seed, t.stream, t.iteration, mask, y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            dy, mask, dx = (a.reshape(-1) for a in (t.dy, t.saved["mask"], t.dx))
            program.call(program.kernels(dropout).backward, dy, mask, dx)


class _SpatialDropout(_Dropout):
    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        forward, mask = program.kernels(spatial_dropout).forward, t.saved["mask"]
        program.call(forward, _positions(t.x), self.rate, t.seed, t.stream, t.iteration, mask, _positions(t.y))

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            backward = program.kernels(spatial_dropout).backward
            program.call(backward, _positions(t.dy), t.saved["mask"], _positions(t.dx))


def _positions(a: Any) -> Any:
    """(N, ..., C) -> (N, P, C)."""
    return a.reshape(a.shape[0], -1, a.shape[-1])


class SpatialDropout1D(_SpatialDropout):
    """In training, each channel of a sequence is zero with probability `rate`, else divided by 1 - rate.

    Input and output (N, T, C); a channel is dropped at all its steps. The mask is a function of (seed, layer, step,
    sample, channel). Equations and source: numbanet.kernels.spatial_dropout.

    Raises ArgumentError where rate is not in [0, 1), and ShapeError at build where samples are not sequences.
    """

    def describe(self, input_shape: Shape) -> Description:
        _, channels = self._expect_sequence(input_shape)
        return Description(input_shape, saved={"mask": (channels,)})


class SpatialDropout2D(_SpatialDropout):
    """In training, each feature map of an image is zero with probability `rate`, else divided by 1 - rate.

    Input and output (N, H, W, C); a map is dropped as a whole. The mask is a function of (seed, layer, step, sample,
    channel). Equations and source: numbanet.kernels.spatial_dropout.

    Raises ArgumentError where rate is not in [0, 1), and ShapeError at build where samples are not images.
    """

    def describe(self, input_shape: Shape) -> Description:
        *_, channels = self._expect_image(input_shape)
        return Description(input_shape, saved={"mask": (channels,)})
