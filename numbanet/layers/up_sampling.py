"""Upsampling: larger images and longer sequences from small ones, and sequences from vectors.

A sequence is an image of one row, and a vector a sequence of one step. Equations: numbanet.kernels.up_sampling2d.
"""

from __future__ import annotations

from typing import Any

from ..checks import choice, positive_integer
from ..kernels import up_sampling2d
from ..program import Program
from .base import Description, Layer, Shape, Tensors
from .windows import Pair, pair, plain_tuple, single

INTERPOLATIONS = ("nearest", "bilinear")


class UpSampling2D(Layer):
    """Enlarges images by whole factors: (N, H, W, C) -> (N, H size[0], W size[1], C).

    size: one factor, or (height, width).
    interpolation: "nearest" repeats pixels, "bilinear" goes from one to the next, with half-pixel centres.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not images.
    """

    def __init__(
        self, size: int | Pair = 2, interpolation: str = "nearest", name: str | None = None, trainable: bool = True
    ) -> None:
        super().__init__(name, trainable)
        self.size = pair("UpSampling2D", "size", size)
        self.interpolation = choice("UpSampling2D", "interpolation", interpolation, INTERPOLATIONS)

    def describe(self, input_shape: Shape) -> Description:
        height, width, channels = self._expect_image(input_shape)
        return Description((height * self.size[0], width * self.size[1], channels))

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        program.call(getattr(program.kernels(up_sampling2d), self.interpolation), t.x, self.size, t.y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            backward = getattr(program.kernels(up_sampling2d), self.interpolation + "_backward")
            program.call(backward, t.dy, self.size, t.dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"size": plain_tuple(self.size), "interpolation": self.interpolation}


class UpSampling1D(Layer):
    """Repeats every step of a sequence: (N, T, C) -> (N, T size, C).

    Raises ArgumentError where size is not a positive integer, and ShapeError at build where samples are not sequences.
    """

    def __init__(self, size: int = 2, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.size = single("UpSampling1D", "size", size)

    def describe(self, input_shape: Shape) -> Description:
        steps, channels = self._expect_sequence(input_shape)
        return Description((steps * self.size, channels))

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        x, y = (a.reshape(a.shape[0], 1, *a.shape[1:]) for a in (t.x, t.y))
        program.call(program.kernels(up_sampling2d).nearest, x, (1, self.size), y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            dy, dx = (a.reshape(a.shape[0], 1, *a.shape[1:]) for a in (t.dy, t.dx))
            program.call(program.kernels(up_sampling2d).nearest_backward, dy, (1, self.size), dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"size": self.size}


class RepeatVector(Layer):
    """Makes a sequence of n equal steps of a vector: (N, F) -> (N, n, F).

    Raises ArgumentError where n is not a positive integer, and ShapeError at build where samples are not vectors.
    """

    def __init__(self, n: int, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.n = positive_integer("RepeatVector", "n", n)

    def describe(self, input_shape: Shape) -> Description:
        return Description((self.n, self._expect_features(input_shape)))

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        x, y = (a.reshape(len(a), 1, -1, t.x.shape[-1]) for a in (t.x, t.y))
        program.call(program.kernels(up_sampling2d).nearest, x, (1, self.n), y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            dy, dx = (a.reshape(len(a), 1, -1, t.x.shape[-1]) for a in (t.dy, t.dx))
            program.call(program.kernels(up_sampling2d).nearest_backward, dy, (1, self.n), dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"n": self.n}
