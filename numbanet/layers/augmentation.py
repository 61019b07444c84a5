"""RandomFlip, RandomTranslation, RandomCrop, RandomErasing: each training step sees its images a little differently.

What is drawn is a function of (seed, layer, step, sample), in whole numbers: the same on every device, in float32 and
float64, on any number of threads, and in a resumed training. In inference nothing is drawn. The gradient of the input
goes back to where each pixel came from. Equations: numbanet.kernels.random_index, .image_gather and .erasing.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

from ..checks import choice, fail, number, positive_integer
from ..errors import ShapeError
from ..kernels import erasing, image_gather, random_index, zero_padding2d
from ..program import Program
from .base import Description, Layer, Shape, Tensors, batch_shape
from .windows import pair, plain_tuple

Factor = float | tuple[float, float]
ROWS, COLUMNS = 0, 1  # whose maps have random words of their own


class _Gathered(Layer):
    """In training every output pixel is a pixel of the input, by maps of rows and columns that a subclass draws."""

    fill_value = 0.0

    def draw(self, program: Program, t: Tensors, axis: int, index: Any) -> None:
        """Write the call that draws the map (N, L) of the rows (axis 0) or columns (1)."""
        raise TypeError(f"{type(self).__name__} must define draw(program, tensors, axis, index)")

    @property
    def keeps_output(self) -> bool:
        return False

    def passes_through(self, training: bool) -> bool:
        return not training

    def _maps(self, output_shape: Shape) -> Description:
        height, width, _ = output_shape
        return Description(output_shape, saved={"rows": (height,), "columns": (width,)})

    def describe(self, input_shape: Shape) -> Description:
        return self._maps(self._expect_image(input_shape))

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        rows, columns = t.saved["rows"], t.saved["columns"]
        self.draw(program, t, ROWS, rows)
        self.draw(program, t, COLUMNS, columns)
        program.call(program.kernels(image_gather).forward, t.x, rows, columns, self.fill_value, t.y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            backward = program.kernels(image_gather).backward
            program.call(backward, t.dy, t.saved["rows"], t.saved["columns"], t.dx)


def _stay(program: Program, t: Tensors, axis: int, index: Any) -> None:
    """Write the call for a map that moves nothing."""
    _shift(program, t, "constant", axis, index.shape[1], (0, 0), index)


def _shift(
    program: Program, t: Tensors, mode: str, axis: int, extent: int, bounds: tuple[int, int], index: Any
) -> None:
    """Write the call for a map by a random shift: index (N, L) into an axis of size `extent`."""
    kernel = getattr(program.kernels(random_index), mode)
    program.call(kernel, t.seed, t.stream, t.iteration, axis, extent, *bounds, index)


class RandomFlip(_Gathered):
    """In training, mirrors images (N, H, W, C), each with probability 1/2; in inference, nothing happens.

    mode: "horizontal" (left becomes right), "vertical" (top becomes bottom) or "horizontal_and_vertical", the two
        independently of each other.

    Raises ArgumentError for another mode, and ShapeError at build where samples are not images.
    """

    MODES = ("horizontal", "vertical", "horizontal_and_vertical")

    def __init__(self, mode: str = "horizontal_and_vertical", name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.mode = choice("RandomFlip", "mode", mode, self.MODES)

    def draw(self, program: Program, t: Tensors, axis: int, index: Any) -> None:
        if ("vertical", "horizontal")[axis] in self.mode.split("_and_"):
            program.call(program.kernels(random_index).reversal, t.seed, t.stream, t.iteration, axis, index)
        else:
            _stay(program, t, axis, index)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"mode": self.mode}


class RandomTranslation(_Gathered):
    """In training, shifts images (N, H, W, C) by whole pixels, each by its own; in inference, nothing happens.

    The shift down is a whole number from round(lower H) to round(upper H), each equally likely, and so is the shift to
    the right with W. Keras shifts by fractions of a pixel, too, and interpolates.

    height_factor, width_factor: (lower, upper), fractions of the height and width from -1 to 1, or one number f for
        (-f, f).
    fill_mode: what comes in from outside: "constant" is fill_value, "nearest" the edge's pixels, "reflect" the image
        mirrored at its edge (c b a|a b c), "wrap" the opposite side.
    fill_value: for "constant".

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not images, or where a
    factor other than 0 is less than half a pixel.
    """

    MODES = ("constant", "nearest", "reflect", "wrap")

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        owner = "RandomTranslation"
        self.height_factor = _factor(owner, "height_factor", height_factor)
        self.width_factor = _factor(owner, "width_factor", width_factor)
        self.fill_mode = choice(owner, "fill_mode", fill_mode, self.MODES)
        self.fill_value = number(owner, "fill_value", fill_value)

    def passes_through(self, training: bool) -> bool:
        return not training or _bounds(self.height_factor) == _bounds(self.width_factor) == (0.0, 0.0)

    def _shifts(self, axis: int, extent: int) -> tuple[int, int]:
        """The least and the largest shift of an axis of size `extent`."""
        low, high = _bounds((self.height_factor, self.width_factor)[axis])
        return round(low * extent), round(high * extent)  # of -2.5 and 2.5: -2 and 2

    def describe(self, input_shape: Shape) -> Description:
        height, width, _ = self._expect_image(input_shape)
        for axis, (argument, extent) in enumerate((("height_factor", height), ("width_factor", width))):
            if self._shifts(axis, extent) == (0, 0) != _bounds(getattr(self, argument)):
                raise ShapeError(
                    f"expected images that {argument}={getattr(self, argument)} shifts by a pixel or more, received "
                    f"{batch_shape(input_shape)}. Shifts are whole pixels: use {1 / extent:.3g} or more, or 0."
                )
        return self._maps(input_shape)

    def draw(self, program: Program, t: Tensors, axis: int, index: Any) -> None:
        extent = index.shape[1]
        _shift(program, t, self.fill_mode, axis, extent, self._shifts(axis, extent), index)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "height_factor": plain_tuple(self.height_factor),
            "width_factor": plain_tuple(self.width_factor),
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
        }


class RandomCrop(_Gathered):
    """In training, cuts `height` x `width` pixels out of images (N, H, W, C), anywhere; in inference, from the middle.

    Every place inside the image is equally likely, and each image has its own. The middle begins at (H - height) // 2
    and (W - width) // 2. Put ZeroPadding2D before it to shift images within a frame. Keras cuts all images of a batch
    at one place, and in inference shrinks a larger window; here pixels are as large in inference as in training.

    Raises ArgumentError for sizes it cannot use, and ShapeError at build where images are smaller.
    """

    def __init__(self, height: int, width: int, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.height = positive_integer("RandomCrop", "height", height)
        self.width = positive_integer("RandomCrop", "width", width)

    def passes_through(self, training: bool) -> bool:
        return False

    def describe(self, input_shape: Shape) -> Description:
        height, width, channels = self._expect_image(input_shape)
        if height < self.height or width < self.width:
            raise ShapeError(
                f"expected images of {self.height} x {self.width} or more, received {batch_shape(input_shape)}. "
                "Crop less, or put ZeroPadding2D or UpSampling2D before it."
            )
        return self._maps((self.height, self.width, channels))

    def draw(self, program: Program, t: Tensors, axis: int, index: Any) -> None:
        extent, size = t.x.shape[1 + axis], index.shape[1]
        _shift(program, t, "constant", axis, extent, (size - extent, 0), index)

    def _corner(self, t: Tensors) -> tuple[int, int]:
        return (t.x.shape[1] - self.height) // 2, (t.x.shape[2] - self.width) // 2

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        if training:
            super().forward(program, t, training)
        else:
            program.call(program.kernels(zero_padding2d).backward, t.x, self._corner(t), t.y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.training:
            super().backward(program, t)
        elif t.dx is not None:
            program.call(program.kernels(zero_padding2d).forward, t.dy, self._corner(t), t.dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"height": self.height, "width": self.width}


class RandomErasing(Layer):
    """In training, fills a box of each image (N, H, W, C) with one value; in inference, nothing happens.

    factor: the probability that an image has a box. (lower, upper) stands for their mean, as a probability drawn
        between the two does, which is how Keras takes it; Keras takes a number f as (0, f), this layer as it is.
    scale: (lower, upper): height and width of the box are whole numbers of pixels from sqrt(lower) to sqrt(upper) of
        those of the image, rounded and at least 1, each size and then each place inside the image equally likely.
    fill_value: what the box is filled with. Keras's default is noise.
    size: (height, width), or one number for a square: cutout. All boxes then are of this size, `scale` is not used,
        and each pixel is equally likely to be the middle, so that a box may be cut off at the edges.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not images. Source:
    numbanet.kernels.erasing.
    """

    def __init__(
        self,
        factor: Factor = 1.0,
        scale: tuple[float, float] = (0.02, 0.33),
        fill_value: float = 0.0,
        size: int | tuple[int, int] | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        owner = "RandomErasing"
        self.factor = _factor(owner, "factor", factor, 0.0)
        self.scale = _factor(owner, "scale", scale, 0.0)
        if not isinstance(self.scale, tuple):
            fail(owner, "scale", "(lower, upper)", scale)
        self.fill_value = number(owner, "fill_value", fill_value)
        self.size = None if size is None else pair(owner, "size", size)
        if self.size and self.scale != (0.02, 0.33):
            fail(owner, "scale", "left out where size is given", scale)

    @property
    def _probability(self) -> float:
        return sum(self.factor) / 2 if isinstance(self.factor, tuple) else self.factor

    @property
    def keeps_output(self) -> bool:
        return False

    def passes_through(self, training: bool) -> bool:
        return not training or self._probability == 0.0

    def describe(self, input_shape: Shape) -> Description:
        self._expect_image(input_shape)
        return Description(input_shape, saved={"boxes": (4,)})

    def _sides(self, axis: int, extent: int) -> tuple[int, int]:
        """The least and the largest height (axis 0) or width (1) of a box."""
        if self.size:
            return self.size[axis], self.size[axis]
        low, high = (max(1, round(math.sqrt(share) * extent)) for share in _bounds(self.scale))
        return low, high

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        loops, boxes, (height, width) = program.kernels(erasing), t.saved["boxes"], t.x.shape[1:3]
        draw = loops.draw_centred if self.size else loops.draw_inside
        sides = self._sides(0, height), self._sides(1, width)
        program.call(draw, t.seed, t.stream, t.iteration, self._probability, (height, width), *sides, boxes)
        program.call(loops.forward, t.x, boxes, self.fill_value, t.y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            program.call(program.kernels(erasing).backward, t.dy, t.saved["boxes"], t.dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "factor": plain_tuple(self.factor),
            "scale": plain_tuple(self.scale),
            "fill_value": self.fill_value,
            "size": plain_tuple(self.size),
        }


def _bounds(factor: Factor) -> tuple[float, float]:
    """(lower, upper)."""
    return factor if isinstance(factor, tuple) else (-factor, factor)


def _factor(owner: str, argument: str, value: Any, least: float = -1.0) -> Factor:
    """A number from 0 to 1, or a pair of them from `least` to 1 in their order."""
    if isinstance(value, tuple | list) and len(value) == 2 and all(map(_is_real, value)):
        if least <= value[0] <= value[1] <= 1:
            return float(value[0]), float(value[1])
    elif _is_real(value) and 0 <= value <= 1:
        return float(value)
    fail(owner, argument, f"a number from 0 to 1, or (lower, upper) from {least:g} to 1", value)


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
