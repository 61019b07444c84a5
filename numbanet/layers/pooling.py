"""Pooling: the largest or the mean value of windows, or of whole images and sequences.

A sequence is an image of one row. Equations and sources: numbanet.kernels.max_pool2d, average_pool2d,
global_max_pool and global_average_pool.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import numpy as np

from ..checks import boolean, fail
from ..kernels import average_pool2d, global_average_pool, global_max_pool, max_pool2d
from ..program import Program
from .base import Description, Layer, Shape, Tensors
from .windows import Padding2D, Pair, padding_1d, padding_2d, pair, plain_tuple, single, slide


def _integers(a: Any, shape: Shape, dtype: Any) -> Any:
    """An array of integers in the memory of one of floats, which is as large or larger: saved arrays are floats."""
    return a.reshape(-1).view(dtype)[: math.prod(shape)].reshape(shape)


class _Pooling(Layer):
    """Windows over an image or, with one axis, over a sequence."""

    axes: ClassVar[int]

    def __init__(
        self,
        pool_size: int | Pair = 2,
        strides: int | Pair | None = None,
        padding: Literal["valid", "same"] | int | Pair | tuple[Pair, Pair] = "valid",
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        owner = type(self).__name__
        lengths, around = (pair, padding_2d) if self.axes == 2 else (single, padding_1d)
        self.pool_size: Any = lengths(owner, "pool_size", pool_size)
        self.strides: Any = None if strides is None else lengths(owner, "strides", strides)
        self.padding: Any = around(owner, padding)
        size, _, sides = self._window()
        if not isinstance(sides, str) and any(max(side) >= k for side, k in zip(sides, size, strict=True)):
            fail(owner, "padding", f"smaller than pool_size={self.pool_size}, or a window would be empty", padding)

    def _window(self) -> tuple[Pair, Pair, Padding2D]:
        """Size, strides and padding on an image."""
        strides = self.strides or self.pool_size
        if self.axes == 2:
            return self.pool_size, strides, self.padding
        padding: Any = self.padding if isinstance(self.padding, str) else ((0, 0), self.padding)
        return (1, self.pool_size), (1, strides), padding

    def _image(self, a: Any) -> Any:
        return a if self.axes == 2 else a.reshape(a.shape[0], 1, *a.shape[1:])

    def _output_shape(self, input_shape: Shape) -> Shape:
        """Of an image, also where samples are sequences."""
        image = self._expect_image(input_shape) if self.axes == 2 else (1, *self._expect_sequence(input_shape))
        size, strides, padding = self._window()
        positions, _ = slide(image[0], image[1], size, strides, padding, (1, 1))
        return (*positions, image[2])

    def _geometry(self, x: Any) -> tuple[Pair, Pair, Pair]:
        """The kernels' arguments: size, strides, cells before."""
        size, strides, padding = self._window()
        _, before = slide(x.shape[1], x.shape[2], size, strides, padding, (1, 1))
        return size, strides, before

    def describe(self, input_shape: Shape) -> Description:
        return Description(self._output_shape(input_shape)[2 - self.axes :])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "pool_size": plain_tuple(self.pool_size),
            "strides": plain_tuple(self.strides),
            "padding": plain_tuple(self.padding),
        }


class _MaxPooling(_Pooling):
    def describe(self, input_shape: Shape) -> Description:
        shape = self._output_shape(input_shape)
        floats = -(-math.prod(shape) // (4 // self._integer().itemsize))
        return Description(shape[2 - self.axes :], saved={"argmax": (floats,)})

    def _integer(self) -> Any:
        """What a cell of a window is numbered with."""
        return np.dtype(np.uint8 if math.prod(self._window()[0]) <= 256 else np.int32)

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        x, y = self._image(t.x), self._image(t.y)
        argmax = _integers(t.saved["argmax"], y.shape, self._integer())
        program.call(program.kernels(max_pool2d).forward, x, *self._geometry(x), argmax, y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            dy, dx = self._image(t.dy), self._image(t.dx)
            argmax = _integers(t.saved["argmax"], dy.shape, self._integer())
            program.call(program.kernels(max_pool2d).backward, dy, argmax, *self._geometry(dx), dx)


class _AveragePooling(_Pooling):
    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        x, y = self._image(t.x), self._image(t.y)
        program.call(program.kernels(average_pool2d).forward, x, *self._geometry(x), y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            dy, dx = self._image(t.dy), self._image(t.dx)
            program.call(program.kernels(average_pool2d).backward, dy, *self._geometry(dx), dx)


class MaxPooling2D(_MaxPooling):
    """The largest value of each window, channel by channel: (N, H, W, C) -> (N, rows, columns, C).

    pool_size: (height, width) of a window, or one number for both.
    strides: (down, across) from window to window, or one number; pool_size where it is None.
    padding: "valid" (windows stay inside), "same" (H / strides rows, rounded up, and so the columns), or how far
    windows may stand out: a number, (height, width), or ((top, bottom), (left, right)). Cells outside take no part.

    Of equal values the first of the window, row by row, takes the gradient. NaN in a window gives NaN.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not images or smaller
    than a window.
    """

    axes = 2


class MaxPooling1D(_MaxPooling):
    """The largest value of each window, channel by channel: (N, T, C) -> (N, positions, C).

    pool_size, strides: steps of a window and from one to the next; strides are pool_size where they are None.
    padding: "valid", "same", a number of steps, or (left, right).
    The rest: as MaxPooling2D.
    """

    axes = 1


class AveragePooling2D(_AveragePooling):
    """The mean of each window, channel by channel: (N, H, W, C) -> (N, rows, columns, C).

    Cells outside of the image are not counted. The arguments and errors: as MaxPooling2D.
    """

    axes = 2


class AveragePooling1D(_AveragePooling):
    """The mean of each window, channel by channel: (N, T, C) -> (N, positions, C).

    Steps outside of the sequence are not counted. The arguments and errors: as MaxPooling1D.
    """

    axes = 1


class _GlobalPooling(Layer):
    """All positions of an image or, with one axis, of a sequence."""

    axes: ClassVar[int]

    def __init__(self, keepdims: bool = False, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.keepdims = boolean(type(self).__name__, "keepdims", keepdims)

    def _output_shape(self, input_shape: Shape) -> Shape:
        channels = (self._expect_image(input_shape) if self.axes == 2 else self._expect_sequence(input_shape))[-1]
        return (1,) * self.axes + (channels,) if self.keepdims else (channels,)

    def describe(self, input_shape: Shape) -> Description:
        return Description(self._output_shape(input_shape))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"keepdims": self.keepdims}


def _positions(a: Any) -> Any:
    """(N, ..., C) as (N, T, C)."""
    return a.reshape(a.shape[0], math.prod(a.shape[1:-1]), a.shape[-1])


def _channels(a: Any) -> Any:
    """(N, ..., C) as (N, C), of one position."""
    return a.reshape(a.shape[0], a.shape[-1])


class _GlobalMaxPooling(_GlobalPooling):
    def describe(self, input_shape: Shape) -> Description:
        shape = self._output_shape(input_shape)
        return Description(shape, saved={"argmax": shape[-1:]})

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        y = _channels(t.y)
        argmax = _integers(t.saved["argmax"], y.shape, np.int32)
        program.call(program.kernels(global_max_pool).forward, _positions(t.x), argmax, y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            dy = _channels(t.dy)
            argmax = _integers(t.saved["argmax"], dy.shape, np.int32)
            program.call(program.kernels(global_max_pool).backward, dy, argmax, _positions(t.dx))


class _GlobalAveragePooling(_GlobalPooling):
    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        program.call(program.kernels(global_average_pool).forward, _positions(t.x), _channels(t.y))

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            program.call(program.kernels(global_average_pool).backward, _channels(t.dy), _positions(t.dx))


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The largest value of each channel of an image: (N, H, W, C) -> (N, C), or (N, 1, 1, C) with keepdims.

    Of equal values the first, row by row, takes the gradient. NaN in a channel gives NaN.

    Raises ArgumentError where keepdims is not a bool, and ShapeError at build where samples are not images.
    """

    axes = 2


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The largest value of each channel of a sequence: (N, T, C) -> (N, C), or (N, 1, C) with keepdims.

    The rest: as GlobalMaxPooling2D.
    """

    axes = 1


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean of each channel of an image: (N, H, W, C) -> (N, C), or (N, 1, 1, C) with keepdims.

    Raises ArgumentError where keepdims is not a bool, and ShapeError at build where samples are not images.
    """

    axes = 2


class GlobalAveragePooling1D(_GlobalAveragePooling):
    """The mean of each channel of a sequence: (N, T, C) -> (N, C), or (N, 1, C) with keepdims.

    The rest: as GlobalAveragePooling2D.
    """

    axes = 1
