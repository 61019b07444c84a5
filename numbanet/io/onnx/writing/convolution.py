"""Convolutions: images (N, C, H, W) and sequences (N, C, T), kernels (O, C / groups, kH, kW)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....layers.convolution import Conv1D, Conv2D, DepthwiseConv2D
from ....layers.transposed_convolution import Conv2DTranspose
from ....layers.windows import Padding2D, along, extent
from .activations import activated
from .graph import Graph, Value, channels_second, value


def pads(sizes: tuple[int, ...], size: Any, strides: Any, padding: Padding2D, dilation: Any) -> list[int]:
    """Zeros before each axis, and then those after each: of a window on an image or, with one size, a sequence.

    sizes: of the axes; the window is one of an image, whose first axis a sequence does not have.
    """
    before, after = [], []
    axes = len(sizes)
    given = (v[-axes:] for v in (size, strides, dilation, along(padding)))
    for n, k, s, d, zeros in zip(sizes, *given, strict=True):
        positions, first = extent(n, k, s, d, zeros)
        before.append(first)
        after.append(max((positions - 1) * s + (k - 1) * d + 1 - n - first, 0) if isinstance(zeros, str) else zeros[1])
    return before + after


def _slide(g: Graph, layer: Any, x: Value, kernel: Any, window: Any, groups: int) -> Value:
    """A convolution with a kernel (O, C / groups, ...)."""
    x = g.channels_second(x)
    axes = len(x.shape) - 1
    size, strides, padding, dilation = window
    z = g.node(
        "Conv",
        x.name,
        g.constant("kernel", kernel),
        *_bias(g, layer),
        dilations=dilation[-axes:],
        group=groups,
        kernel_shape=size[-axes:],
        pads=pads(x.shape[:-1], size, strides, padding, dilation),
        strides=strides[-axes:],
    )
    return activated(g, layer.activation, _output(z, layer, x))


def _bias(g: Graph, layer: Any) -> list[str]:
    return [g.constant("bias", g.parameter("bias"))] if layer.use_bias else []


def _output(z: str, layer: Any, x: Value) -> Value:
    shape = layer.describe(x.seen).output_shape
    return value(z, shape, channels_second(len(shape)))


def convolution(g: Graph, layer: Conv1D | Conv2D, x: Value) -> Value:
    kernel = g.parameter("kernel")
    if layer.flip_kernel:
        kernel = kernel[::-1, ::-1]
    return _slide(g, layer, x, np.moveaxis(kernel, (-1, -2), (0, 1)), layer.window(), layer.groups)


def depthwise(g: Graph, layer: DepthwiseConv2D, x: Value) -> Value:
    """Groups of one channel: output channel c depth_multiplier + m sees input channel c."""
    kernel = g.parameter("kernel")
    H, W, C, M = kernel.shape
    kernel = kernel.transpose(2, 3, 0, 1).reshape(C * M, 1, H, W)
    window = layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate
    return _slide(g, layer, x, kernel, window, C)


def transposed(g: Graph, layer: Conv2DTranspose, x: Value) -> Value:
    """Ours says how many cells there are, ONNX how many are cut off at both ends, or put on at the far one."""
    x = g.channels_second(x)
    height, width, _ = layer.describe(x.seen).output_shape
    _, first = layer._extents(*x.shape[:2])
    last = [
        (n - 1) * s + (k - 1) * d + 1 - before - cells
        for n, k, s, d, before, cells in zip(
            x.shape[:2],
            layer.kernel_size,
            layer.strides,
            layer.dilation_rate,
            first,
            (height, width),
            strict=True,
        )
    ]
    z = g.node(
        "ConvTranspose",
        x.name,
        g.constant("kernel", g.parameter("kernel").transpose(3, 2, 0, 1)),
        *_bias(g, layer),
        dilations=layer.dilation_rate,
        group=layer.groups,
        kernel_shape=layer.kernel_size,
        output_padding=[max(-cut, 0) for cut in last],
        pads=[*first, *(max(cut, 0) for cut in last)],
        strides=layer.strides,
    )
    return activated(g, layer.activation, _output(z, layer, x))


WRITERS: dict[Any, Any] = {
    Conv1D: convolution,
    Conv2D: convolution,
    Conv2DTranspose: transposed,
    DepthwiseConv2D: depthwise,
}
