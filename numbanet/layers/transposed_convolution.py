"""Conv2DTranspose: a convolution backwards, from few positions to the larger image."""

from __future__ import annotations

from typing import Any, Literal

from ..checks import fail, positive_integer
from ..errors import ShapeError
from ..initializers import Initializer
from ..kernels import bias, conv2d
from ..program import Program
from ..regularizers import Regularizer
from .base import Description, Layer, Shape, Tensors
from .convolution import channels_of_a_group, check_groups
from .weighted import _Weighted
from .windows import Along, Padding2D, Pair, along, check_span, non_negative_pair, padding_2d, pair


def transposed_extent(n: int, k: int, s: int, d: int, padding: Along, output_padding: int | None) -> Pair:
    """(cells, how many are cut off before them) along an axis of n positions: what `extent` takes, backwards.

    Raises ShapeError where nothing is left.
    """
    span = (k - 1) * d + 1
    whole = (n - 1) * s + span
    if padding == "valid":
        cells = whole + (max(s - span, 0) if output_padding is None else output_padding)
        return cells, 0
    if padding == "same":
        cells = n * s if output_padding is None else whole - 2 * (span // 2) + output_padding
        before = max(whole - cells, 0) // 2
    else:
        before, after = padding
        cells = whole - before - after + (output_padding or 0)
    if cells < 1:
        raise ShapeError(
            f"expected padding that leaves something of the {whole} cells that windows reach from {n} positions, "
            f"received padding={padding!r} along an axis. Use less padding."
        )
    return cells, before


class Conv2DTranspose(_Weighted):
    """Each input cell lays a window of weights, times its value, on a larger image; where they overlap, they add up.

    Input (N, rows, columns, channels), output (N, height, width, filters): the map of a Conv2D from output to input,
    transposed. Parameters: kernel (height and width of the window, filters / groups, channels), bias (filters,).

    strides: how far apart the windows of neighbouring cells lie.
    padding: what is cut off the output. "valid" (nothing: n strides, or where the window is larger than the strides,
        (n - 1) strides + window), "same" (n strides), a number, (height, width), or ((top, bottom), (left, right)).
    output_padding: None, or how many cells, less than the strides, the output has more below and right; then "same"
        cuts half a window off each side. As in Keras and, with explicit padding, in PyTorch.
    The other arguments: as Conv2D.

    Equations: numbanet.kernels.conv2d. Source: Dumoulin and Visin, arXiv:1603.07285, chapter 4.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Pair,
        strides: int | Pair = (1, 1),
        padding: Literal["valid", "same"] | int | Pair | tuple[Pair, Pair] = "valid",
        output_padding: int | Pair | None = None,
        dilation_rate: int | Pair = (1, 1),
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
        owner = "Conv2DTranspose"
        self.filters = positive_integer(owner, "filters", filters)
        self.kernel_size = pair(owner, "kernel_size", kernel_size)
        self.strides = pair(owner, "strides", strides)
        self.padding: Padding2D = padding_2d(owner, padding)
        self.output_padding = None if output_padding is None else self._output_padding(output_padding)
        self.dilation_rate = pair(owner, "dilation_rate", dilation_rate)
        self.groups = groups
        self.groups = check_groups(self)

    def _output_padding(self, value: Any) -> Pair:
        found = non_negative_pair("Conv2DTranspose", "output_padding", value)
        if any(more >= stride for more, stride in zip(found, self.strides, strict=True)):
            fail("Conv2DTranspose", "output_padding", f"less than strides={self.strides}", value)
        return found

    def _extents(self, rows: int, columns: int) -> tuple[Pair, Pair]:
        """(height, width) of the output, and (rows above, columns left) that are cut off."""
        more = self.output_padding or (None, None)
        (height, top), (width, left) = (
            transposed_extent(n, k, s, d, padding, extra)
            for n, k, s, d, padding, extra in zip(
                (rows, columns),
                self.kernel_size,
                self.strides,
                self.dilation_rate,
                along(self.padding),
                more,
                strict=True,
            )
        )
        return (height, width), (top, left)

    def describe(self, input_shape: Shape) -> Description:
        rows, columns, channels = self._expect_image(input_shape)
        channels_of_a_group(channels, self.groups)
        check_span(self.kernel_size, self.dilation_rate)
        size, _ = self._extents(rows, columns)
        kernel = (*self.kernel_size, self.filters // self.groups, channels)
        return self._description(kernel, (*size, self.filters))

    def _geometry(self, x: Any) -> tuple[Pair, Pair, Pair]:
        return self.strides, self._extents(*x.shape[1:3])[1], self.dilation_rate

    def weighted_sums(self, program: Program, t: Tensors, z: Any) -> None:
        program.call(program.kernels(conv2d).backward_input, t.x, t.parameters["kernel"], *self._geometry(t.x), z)
        if self.use_bias:
            program.call(program.kernels(bias).forward, t.parameters["bias"], z.reshape(-1, self.filters))

    def weighted_sums_backward(self, program: Program, t: Tensors, dz: Any) -> None:
        loops, geometry = program.kernels(conv2d), self._geometry(t.x)
        if t.trained:
            program.call(loops.backward_kernel, t.x, dz, *geometry, t.gradients["kernel"])
            if self.use_bias:
                program.call(loops.backward_bias, dz, t.gradients["bias"])
        if t.dx is not None:
            program.call(loops.forward_without_bias, dz, t.parameters["kernel"], *geometry, t.dx)
