"""Conv1D, Conv2D and DepthwiseConv2D: windows of weights that slide over sequences and images."""

from __future__ import annotations

from typing import Any, Literal

from .. import initializers, regularizers
from ..checks import boolean, positive_integer
from ..errors import ArgumentError, ShapeError
from ..initializers import Initializer
from ..kernels import conv2d, depthwise_conv2d, flip
from ..program import Program
from ..regularizers import Regularizer
from .base import Description, Layer, Shape, Tensors
from .weighted import _Weighted
from .windows import Padding2D, Pair, check_span, padding_1d, padding_2d, pair, single, slide


def check_groups(layer: Any) -> int:
    """The constructor's `groups`, which divide its filters."""
    owner = type(layer).__name__
    groups = positive_integer(owner, "groups", layer.groups)
    if layer.filters % groups:
        raise ArgumentError(
            f"{owner}: filters must be a multiple of groups. Received: filters={layer.filters}, groups={groups}"
        )
    return groups


def channels_of_a_group(channels: int, groups: int) -> int:
    """Raises ShapeError where the input's channels cannot be split so."""
    if channels % groups:
        raise ShapeError(f"expected channels in {groups} groups of one size, received {channels} channels")
    return channels // groups


class _Convolution(_Weighted):
    """A convolution of images: the arrays of a subclass may have one axis less, where images have one row."""

    filters: int
    groups: int
    flip_kernel = False

    def window(self) -> tuple[Pair, Pair, Padding2D, Pair]:
        """Kernel size, strides, padding and dilation on an image."""
        raise TypeError(f"{type(self).__name__} must define window()")

    def images(self, a: Any) -> Any:
        """A batch as images."""
        return a

    def kernels(self, w: Any) -> Any:
        """The kernel, or an array like it, as the kernel of images."""
        return w

    def _describe(self, height: int, width: int, channels: int) -> tuple[Shape, Shape]:
        """The shapes of the kernel and of the output of images."""
        inside = channels_of_a_group(channels, self.groups)
        size, strides, padding, dilation = self.window()
        check_span(size, dilation)
        positions, _ = slide(height, width, size, strides, padding, dilation)
        return (*size, inside, self.filters), (*positions, self.filters)

    def _geometry(self, x: Any) -> tuple[Pair, Pair, Pair]:
        """The kernels' arguments: strides, zeros before, dilation."""
        size, strides, padding, dilation = self.window()
        height, width = x.shape[1:3]
        _, before = slide(height, width, size, strides, padding, dilation)
        return strides, before, dilation

    def weighted_sums(self, program: Program, t: Tensors, z: Any) -> None:
        loops, x, w = program.kernels(conv2d), self.images(t.x), self.kernels(t.parameters["kernel"])
        if self.flip_kernel:
            program.call(program.kernels(flip).forward, w, t.scratch["flipped"])
            w = t.scratch["flipped"]
        if self.use_bias:
            program.call(loops.forward, x, w, t.parameters["bias"], *self._geometry(x), self.images(z))
        else:
            program.call(loops.forward_without_bias, x, w, *self._geometry(x), self.images(z))

    def weighted_sums_backward(self, program: Program, t: Tensors, dz: Any) -> None:
        loops, x, dz = program.kernels(conv2d), self.images(t.x), self.images(dz)
        if t.trained:
            dw = self.kernels(t.gradients["kernel"])
            out = t.scratch["dflipped"] if self.flip_kernel else dw
            program.call(loops.backward_kernel, dz, x, *self._geometry(x), out)
            if self.flip_kernel:
                program.call(program.kernels(flip).forward, out, dw)
            if self.use_bias:
                program.call(loops.backward_bias, dz, t.gradients["bias"])
        if t.dx is not None:
            w = t.scratch["flipped"] if self.flip_kernel else self.kernels(t.parameters["kernel"])
            program.call(loops.backward_input, dz, w, *self._geometry(x), self.images(t.dx))


class Conv1D(_Convolution):
    """A window of weights slides over a sequence: y = activation(convolution of x with the kernel + bias).

    Input (N, steps, channels), output (N, positions, filters). Parameters: kernel (kernel_size, channels / groups,
    filters), bias (filters,).

    padding: "valid" (no zeros), "same" (steps / strides positions, rounded up), "causal" (as "same" with all zeros
    before the sequence: no output sees a later step), a number of zeros on each side, or (left, right).
    The other arguments: as Conv2D, for one axis.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        padding: Literal["valid", "same", "causal"] | int | Pair = "valid",
        dilation_rate: int = 1,
        groups: int = 1,
        activation: str | Layer | None = None,
        use_bias: bool = True,
        kernel_initializer: str | Initializer = "glorot_uniform",
        bias_initializer: str | Initializer = "zeros",
        kernel_regularizer: str | Regularizer | None = None,
        bias_regularizer: str | Regularizer | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            name,
            trainable,
        )
        self.filters = positive_integer("Conv1D", "filters", filters)
        self.kernel_size = single("Conv1D", "kernel_size", kernel_size)
        self.strides = single("Conv1D", "strides", strides)
        self.padding = padding_1d("Conv1D", padding, ("valid", "same", "causal"))
        self.dilation_rate = single("Conv1D", "dilation_rate", dilation_rate)
        self.groups = groups
        self.groups = check_groups(self)

    def window(self) -> tuple[Pair, Pair, Padding2D, Pair]:
        padding: Any = self.padding if isinstance(self.padding, str) else ((0, 0), self.padding)
        if padding == "causal":
            padding = ((0, 0), ((self.kernel_size - 1) * self.dilation_rate, 0))
        return (1, self.kernel_size), (1, self.strides), padding, (1, self.dilation_rate)

    def images(self, a: Any) -> Any:
        N, T, C = a.shape
        return a.reshape(N, 1, T, C)

    def kernels(self, w: Any) -> Any:
        return w.reshape(1, *w.shape)

    def describe(self, input_shape: Shape) -> Description:
        steps, channels = self._expect_sequence(input_shape)
        kernel, output = self._describe(1, steps, channels)
        return self._description(kernel[1:], output[1:])


class Conv2D(_Convolution):
    """A window of weights slides over an image: y = activation(convolution of x with the kernel + bias).

    Input (N, height, width, channels), output (N, rows, columns, filters). Parameters: kernel (height and width of the
    window, channels / groups, filters), bias (filters,).

    filters: the number of output channels.
    kernel_size, strides, dilation_rate: an integer, or one for the height and one for the width. strides: how far the
        window moves. dilation_rate: how far apart its cells are.
    padding: zeros around the image. "valid" (none), "same" (size / strides positions, rounded up; where the zeros are
        odd in number, the one more is below and right), a number, (height, width), or ((top, bottom), (left, right)).
    groups: filters and channels are split into as many parts, and each part of the filters sees its part alone.
    flip_kernel: False is the cross-correlation that networks use, True the convolution of signal processing, which
        goes through the window backwards.
    activation: a name, an activation layer, or None. use_bias, the initializers and regularizers: as in Keras.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not images, the window
    does not fit, or groups do not divide the channels. Equations and sources: numbanet.kernels.conv2d.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Pair,
        strides: int | Pair = (1, 1),
        padding: Literal["valid", "same"] | int | Pair | tuple[Pair, Pair] = "valid",
        dilation_rate: int | Pair = (1, 1),
        groups: int = 1,
        activation: str | Layer | None = None,
        use_bias: bool = True,
        kernel_initializer: str | Initializer = "glorot_uniform",
        bias_initializer: str | Initializer = "zeros",
        kernel_regularizer: str | Regularizer | None = None,
        bias_regularizer: str | Regularizer | None = None,
        flip_kernel: bool = False,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            name,
            trainable,
        )
        self.filters = positive_integer("Conv2D", "filters", filters)
        self.kernel_size = pair("Conv2D", "kernel_size", kernel_size)
        self.strides = pair("Conv2D", "strides", strides)
        self.padding = padding_2d("Conv2D", padding)
        self.dilation_rate = pair("Conv2D", "dilation_rate", dilation_rate)
        self.groups = groups
        self.groups = check_groups(self)
        self.flip_kernel = boolean("Conv2D", "flip_kernel", flip_kernel)

    def window(self) -> tuple[Pair, Pair, Padding2D, Pair]:
        return self.kernel_size, self.strides, self.padding, self.dilation_rate

    def describe(self, input_shape: Shape) -> Description:
        kernel, output_shape = self._describe(*self._expect_image(input_shape))
        scratch = {"flipped": kernel, "dflipped": kernel} if self.flip_kernel else {}
        return self._description(kernel, output_shape, scratch)


class DepthwiseConv2D(_Weighted):
    """A window of its own slides over each channel, depth_multiplier times.

    Input (N, height, width, channels), output (N, rows, columns, channels x depth_multiplier): output channel
    c depth_multiplier + m sees input channel c. Parameters: kernel (height and width of the window, channels,
    depth_multiplier), bias (channels x depth_multiplier,). The arguments: as Conv2D.

    Equations and source: numbanet.kernels.depthwise_conv2d.
    """

    def __init__(
        self,
        kernel_size: int | Pair,
        strides: int | Pair = (1, 1),
        padding: Literal["valid", "same"] | int | Pair | tuple[Pair, Pair] = "valid",
        depth_multiplier: int = 1,
        dilation_rate: int | Pair = (1, 1),
        activation: str | Layer | None = None,
        use_bias: bool = True,
        depthwise_initializer: str | Initializer = "glorot_uniform",
        bias_initializer: str | Initializer = "zeros",
        depthwise_regularizer: str | Regularizer | None = None,
        bias_regularizer: str | Regularizer | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        owner = "DepthwiseConv2D"
        self.depthwise_initializer = initializers.get(owner, "depthwise_initializer", depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(owner, "depthwise_regularizer", depthwise_regularizer)
        super().__init__(
            activation,
            use_bias,
            self.depthwise_initializer,
            bias_initializer,
            self.depthwise_regularizer,
            bias_regularizer,
            name,
            trainable,
        )
        self.kernel_size = pair(owner, "kernel_size", kernel_size)
        self.strides = pair(owner, "strides", strides)
        self.padding = padding_2d(owner, padding)
        self.depth_multiplier = positive_integer(owner, "depth_multiplier", depth_multiplier)
        self.dilation_rate = pair(owner, "dilation_rate", dilation_rate)

    def _slide(self, height: int, width: int) -> tuple[Pair, Pair]:
        return slide(height, width, self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def describe(self, input_shape: Shape) -> Description:
        height, width, channels = self._expect_image(input_shape)
        positions, _ = self._slide(height, width)
        kernel = (*self.kernel_size, channels, self.depth_multiplier)
        return self._description(kernel, (*positions, channels * self.depth_multiplier))

    def _geometry(self, x: Any) -> tuple[Pair, Pair, Pair]:
        return self.strides, self._slide(*x.shape[1:3])[1], self.dilation_rate

    def weighted_sums(self, program: Program, t: Tensors, z: Any) -> None:
        loops, w = program.kernels(depthwise_conv2d), t.parameters["kernel"]
        if self.use_bias:
            program.call(loops.forward, t.x, w, t.parameters["bias"], *self._geometry(t.x), z)
        else:
            program.call(loops.forward_without_bias, t.x, w, *self._geometry(t.x), z)

    def weighted_sums_backward(self, program: Program, t: Tensors, dz: Any) -> None:
        loops, geometry = program.kernels(depthwise_conv2d), self._geometry(t.x)
        if t.trained:
            program.call(loops.backward_kernel, dz, t.x, *geometry, t.gradients["kernel"])
            if self.use_bias:
                program.call(program.kernels(conv2d).backward_bias, dz, t.gradients["bias"])
        if t.dx is not None:
            program.call(loops.backward_input, dz, t.parameters["kernel"], *geometry, t.dx)
