"""Frames round images and sequences: put on by padding, cut off by cropping.

A sequence is an image of one row. Equations: numbanet.kernels.zero_padding2d.
"""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..kernels import zero_padding2d
from ..program import Program
from .base import Description, Layer, Shape, Tensors, batch_shape
from .windows import Pair, frame_1d, frame_2d, plain_tuple


class _Frame(Layer):
    """A layer that changes the size of an image or sequence by whole cells at its edges."""

    argument = ""

    def _frame(self) -> tuple[Pair, Pair]:
        """((top, bottom), (left, right)), of a sequence ((0, 0), (left, right))."""
        frame = getattr(self, self.argument)
        return frame if isinstance(frame[0], tuple) else ((0, 0), frame)

    def _corner(self) -> Pair:
        (top, _), (left, _) = self._frame()
        return top, left

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {self.argument: plain_tuple(getattr(self, self.argument))}


class _Padding(_Frame):
    argument = "padding"

    def _padded(self, height: int, width: int) -> Pair:
        (top, bottom), (left, right) = self._frame()
        return top + height + bottom, left + width + right

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        program.call(program.kernels(zero_padding2d).forward, _images(t.x), self._corner(), _images(t.y))

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            program.call(program.kernels(zero_padding2d).backward, _images(t.dy), self._corner(), _images(t.dx))


class _Cropping(_Frame):
    argument = "cropping"

    def _cropped(self, input_shape: Shape, height: int, width: int) -> Pair:
        (top, bottom), (left, right) = self._frame()
        if height <= top + bottom or width <= left + right:
            raise ShapeError(
                f"expected more than it crops, {self.argument}={getattr(self, self.argument)}, "
                f"received {batch_shape(input_shape)}. Crop less."
            )
        return height - top - bottom, width - left - right

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        program.call(program.kernels(zero_padding2d).backward, _images(t.x), self._corner(), _images(t.y))

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            program.call(program.kernels(zero_padding2d).forward, _images(t.dy), self._corner(), _images(t.dx))


def _images(a: Any) -> Any:
    """(N, T, C) as (N, 1, T, C)."""
    return a if a.ndim == 4 else a.reshape(a.shape[0], 1, *a.shape[1:])


class ZeroPadding2D(_Padding):
    """Puts zeros round images: (N, H, W, C) -> (N, top + H + bottom, left + W + right, C).

    padding: one number for all sides, (height, width) or ((top, bottom), (left, right)).

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not images.
    """

    def __init__(
        self, padding: int | Pair | tuple[Pair, Pair] = 1, name: str | None = None, trainable: bool = True
    ) -> None:
        super().__init__(name, trainable)
        self.padding = frame_2d("ZeroPadding2D", "padding", padding)

    def describe(self, input_shape: Shape) -> Description:
        height, width, channels = self._expect_image(input_shape)
        return Description((*self._padded(height, width), channels))


class ZeroPadding1D(_Padding):
    """Puts zeros before and after sequences: (N, T, C) -> (N, left + T + right, C).

    padding: one number for both ends, or (left, right).

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not sequences.
    """

    def __init__(self, padding: int | Pair = 1, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.padding = frame_1d("ZeroPadding1D", "padding", padding)

    def describe(self, input_shape: Shape) -> Description:
        steps, channels = self._expect_sequence(input_shape)
        return Description((self._padded(1, steps)[1], channels))


class Cropping2D(_Cropping):
    """Cuts the edges of images off: (N, H, W, C) -> (N, H - top - bottom, W - left - right, C).

    cropping: one number for all sides, (height, width) or ((top, bottom), (left, right)).

    Raises ArgumentError for a value it cannot use, and ShapeError at build where nothing would be left.
    """

    def __init__(
        self, cropping: int | Pair | tuple[Pair, Pair] = 0, name: str | None = None, trainable: bool = True
    ) -> None:
        super().__init__(name, trainable)
        self.cropping = frame_2d("Cropping2D", "cropping", cropping)

    def describe(self, input_shape: Shape) -> Description:
        height, width, channels = self._expect_image(input_shape)
        return Description((*self._cropped(input_shape, height, width), channels))


class Cropping1D(_Cropping):
    """Cuts the ends of sequences off: (N, T, C) -> (N, T - left - right, C).

    cropping: one number for both ends, or (left, right).

    Raises ArgumentError for a value it cannot use, and ShapeError at build where nothing would be left.
    """

    def __init__(self, cropping: int | Pair = 1, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.cropping = frame_1d("Cropping1D", "cropping", cropping)

    def describe(self, input_shape: Shape) -> Description:
        steps, channels = self._expect_sequence(input_shape)
        return Description((self._cropped(input_shape, 1, steps)[1], channels))
