"""Modules of torch as layers: what each becomes, or why it has none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...layers import (
    ELU,
    GELU,
    SELU,
    AveragePooling1D,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GroupNormalization,
    HardSigmoid,
    LayerNormalization,
    LeakyReLU,
    LogSoftmax,
    MaxPooling1D,
    MaxPooling2D,
    Mish,
    ReLU,
    Reshape,
    Sigmoid,
    Silu,
    Softmax,
    Softplus,
    Softsign,
    SpatialDropout1D,
    SpatialDropout2D,
    Tanh,
    TimeDistributed,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from ...layers.base import Layer
from ..problems import Unsupported
from .flow import FIRST, LAST, Flow
from .graph import LAST_STEP, PERMUTE, VIEW, Step
from .recurrent import last_step, recurrent
from .tensors import own

Converter = Callable[[Step, Flow], None]

WINDOWS = {  # by what is taken of a window, and the axes it has
    ("max", 1): MaxPooling1D,
    ("max", 2): MaxPooling2D,
    ("average", 1): AveragePooling1D,
    ("average", 2): AveragePooling2D,
}
WHOLE = {
    ("max", 1): GlobalMaxPooling1D,
    ("max", 2): GlobalMaxPooling2D,
    ("average", 1): GlobalAveragePooling1D,
    ("average", 2): GlobalAveragePooling2D,
}


def _pair(value: Any) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _single(value: Any) -> int:
    return value if isinstance(value, int) else int(value[0])


def _size(value: Any, axes: int) -> Any:
    return _pair(value) if axes == 2 else _single(value)


def _expect(holds: bool, why: str) -> None:
    if not holds:
        raise Unsupported(why)


def linear(step: Step, flow: Flow) -> None:
    m = step.module
    layer: Layer = Dense(m.out_features, use_bias=m.bias is not None)
    flow.expect(LAST)
    found = flow.shape[-1]
    _expect(found == m.in_features, f"expected {m.in_features} features, received {found}")
    for _ in flow.shape[1:]:
        layer = TimeDistributed(layer)
    flow.add(layer, own(m))


def convolution(axes: int) -> Converter:
    def convert(step: Step, flow: Flow) -> None:
        m = step.module
        _expect(m.padding_mode == "zeros", f"padding_mode={m.padding_mode!r}, only 'zeros' is known")
        settings: dict[str, Any] = {
            "kernel_size": _size(m.kernel_size, axes),
            "strides": _size(m.stride, axes),
            "padding": m.padding if isinstance(m.padding, str) else _padding(m.padding, axes),
            "dilation_rate": _size(m.dilation, axes),
            "use_bias": m.bias is not None,
        }
        if axes == 2 and m.groups == m.in_channels > 1:
            layer: Any = DepthwiseConv2D(depth_multiplier=m.out_channels // m.groups, **settings)
        else:
            layer = (Conv1D if axes == 1 else Conv2D)(m.out_channels, groups=m.groups, **settings)
        _channels_first(flow, m.in_channels)
        flow.add(layer, own(m))

    return convert


def _padding(value: Any, axes: int) -> Any:
    """Zeros on all sides, the same on both sides of an axis."""
    return tuple((p, p) for p in _pair(value)) if axes == 2 else (_single(value),) * 2


def _channels_first(flow: Flow, channels: int) -> None:
    flow.expect(FIRST)
    found = flow.shape[-1]
    _expect(found == channels, f"expected {channels} channels, received samples of {flow.shape}, channels last")


def transposed(step: Step, flow: Flow) -> None:
    m = step.module
    layer = Conv2DTranspose(
        m.out_channels,
        m.kernel_size,
        m.stride,
        _padding(m.padding, 2),
        m.output_padding,
        m.dilation,
        m.groups,
        use_bias=m.bias is not None,
    )
    _channels_first(flow, m.in_channels)
    flow.add(layer, own(m))


def pooling(kind: str, axes: int) -> Converter:
    """Windows whose positions are all inside, or over padding that torch and we count in the same way."""
    cls = WINDOWS[kind, axes]

    def convert(step: Step, flow: Flow) -> None:
        m = step.module
        size, stride = _pair(m.kernel_size), _pair(m.stride or m.kernel_size)
        around = _pair(m.padding)
        _expect(set(_pair(getattr(m, "dilation", 1))) == {1}, f"dilation={m.__dict__.get('dilation')}, only 1 is known")
        _expect(not getattr(m, "return_indices", False), "return_indices=True: a chain has one output")
        _expect(getattr(m, "divisor_override", None) is None, "divisor_override has no layer here")
        counted = getattr(m, "count_include_pad", False) and any(around)  # zeros that take part in the mean
        padding = 0 if counted else _padding(m.padding, axes)
        layer = cls(_size(m.kernel_size, axes), _size(m.stride or m.kernel_size, axes), padding)
        flow.expect(FIRST)
        if m.ceil_mode:
            spare = [(n + 2 * p - k) % s for n, p, k, s in zip(flow.shape, around, size, stride, strict=False)]
            _expect(
                not any(spare[:axes]), "ceil_mode=True, and a window would stand out: only windows inside are known"
            )
        if counted:
            frame = _padding(m.padding, axes)
            flow.add(ZeroPadding2D(frame) if axes == 2 else ZeroPadding1D(frame))
        flow.add(layer)

    return convert


def adaptive(kind: str, axes: int) -> Converter:
    """One position is global pooling; sizes that divide the input's are windows side by side."""
    whole = WHOLE[kind, axes]
    windows = WINDOWS[kind, axes]

    def convert(step: Step, flow: Flow) -> None:
        m = step.module
        _expect(not getattr(m, "return_indices", False), "return_indices=True: a chain has one output")
        flow.expect(FIRST)
        _expect(len(flow.shape) == axes + 1, f"expected samples of {axes + 1} axes, received {flow.shape}")
        there = flow.shape[:axes]
        wanted = [n if o is None else o for n, o in zip(there, _pair(m.output_size), strict=False)]
        _expect(
            all(n % o == 0 for n, o in zip(there, wanted, strict=True)),
            f"output_size={m.output_size} does not divide {there}: its windows would overlap",
        )
        if set(wanted) == {1}:
            flow.add(whole(keepdims=True))
        elif list(there) != wanted:
            size = tuple(n // o for n, o in zip(there, wanted, strict=True))
            flow.add(windows(_size(size, axes)))

    return convert


def batch_norm(step: Step, flow: Flow) -> None:
    m = step.module
    _expect(m.track_running_stats, "track_running_stats=False: it has no running statistics")
    _expect(m.momentum is not None, "momentum=None, the average over all batches, has no layer here")
    _expect(m.momentum > 0, "momentum=0: its running statistics never move. Use a small one")
    layer = BatchNormalization(1.0 - m.momentum, m.eps, center=m.affine, scale=m.affine)
    if len(flow.shape) > 1:
        _channels_first(flow, m.num_features)
    flow.add(layer, own(m))


def layer_norm(step: Step, flow: Flow) -> None:
    m = step.module
    shape = tuple(m.normalized_shape)
    scale, center = m.elementwise_affine, getattr(m, "bias", None) is not None
    if len(shape) > 1:
        _expect(not scale, f"normalized_shape={shape} with a weight for each element; here each channel has one")
        _expect(shape == flow.theirs, f"expected samples of {shape}, received {flow.theirs}")
        flow.add(GroupNormalization(1, m.eps, center=False, scale=False))
    else:
        flow.expect(LAST)
        _expect(flow.shape[-1:] == shape, f"expected {shape[0]} features, received {flow.shape[-1:]}")
        flow.add(LayerNormalization(m.eps, center=center, scale=scale), own(m))


def group_norm(step: Step, flow: Flow) -> None:
    m = step.module
    layer = GroupNormalization(m.num_groups, m.eps, center=m.affine, scale=m.affine)
    _channels_first(flow, m.num_channels)
    flow.add(layer, own(m))


def embedding(step: Step, flow: Flow) -> None:
    m = step.module
    _expect(m.max_norm is None, "max_norm has no layer here")
    _expect(not flow.layers, "it must be the first layer")
    flow.add(Embedding(m.num_embeddings, m.embedding_dim), own(m))


def activation(make: Callable[[Any], Any]) -> Converter:
    def convert(step: Step, flow: Flow) -> None:
        flow.add(make(step.module))

    return convert


def softplus(step: Step, flow: Flow) -> None:
    _expect(step.module.beta == 1, f"beta={step.module.beta}, only 1 is known")
    flow.add(Softplus())


def rowwise(make: type) -> Converter:
    def convert(step: Step, flow: Flow) -> None:
        axis = step.module.dim
        _expect(axis is not None, "dim=None: say which axis")
        _expect(
            axis % (len(flow.shape) + 1) == flow.channel_axis,
            f"dim={axis} of samples {flow.theirs} {flow.order} is not the axis of the channels",
        )
        flow.add(make())

    return convert


def channel_dropout(cls: type, axes: int) -> Converter:
    def convert(step: Step, flow: Flow) -> None:
        flow.expect(FIRST)
        _expect(len(flow.shape) == axes + 1, f"expected samples of {axes + 1} axes, received {flow.shape}")
        flow.add(cls(step.module.p))

    return convert


def zero_pad(axes: int) -> Converter:
    def convert(step: Step, flow: Flow) -> None:
        left, right, *rows = step.module.padding
        flow.expect(FIRST)
        flow.add(ZeroPadding2D((tuple(rows), (left, right))) if axes == 2 else ZeroPadding1D((left, right)))

    return convert


def upsample(step: Step, flow: Flow) -> None:
    m = step.module
    _expect(m.mode in ("nearest", "bilinear"), f"mode={m.mode!r}, only 'nearest' and 'bilinear' are known")
    _expect(not m.align_corners, "align_corners=True has no layer here")
    flow.expect(FIRST)
    there = flow.shape[:-1]
    _expect(len(there) in (1, 2), f"expected images or sequences, received samples of {flow.shape}")
    given = m.scale_factor if m.size is None else m.size
    both = tuple(given) if isinstance(given, tuple | list) else (given, given)
    factors = [float(g) if m.size is None else g / n for g, n in zip(both, there, strict=False)]
    _expect(all(f >= 1 and f == int(f) for f in factors), f"factors {factors}: only whole ones are known")
    rows, *columns = map(int, factors)
    flow.add(UpSampling2D((rows, columns[0]), m.mode) if columns else UpSampling1D(rows))


def flatten(step: Step, flow: Flow) -> None:
    start, end = step.module.start_dim, step.module.end_dim
    axes = len(flow.shape) + 1
    _expect(
        start % axes == min(1, axes - 1) and end % axes == axes - 1,
        f"start_dim={start}, end_dim={end}: only all axes but the first, 1 and -1, are known",
    )
    flow.add(Flatten())


def unflatten(step: Step, flow: Flow) -> None:
    axis = step.module.dim
    _expect(isinstance(axis, int) and len(flow.shape) == 1 and axis in (1, -1), "expected vectors, and dim=1")
    _reshape(tuple(step.module.unflattened_size), flow)


def view(step: Step, flow: Flow) -> None:
    if len(flow.shape) > 1:
        flow.add(Flatten())
    if step.sizes not in ((-1,), flow.shape):
        _reshape(step.sizes, flow)


def _reshape(sizes: tuple[int, ...], flow: Flow) -> None:
    """Vectors as torch's shape `sizes`, in our order of axes."""
    known = math.prod(s for s in sizes if s != -1)
    total = math.prod(flow.shape)
    _expect(sizes.count(-1) <= 1 and total % known == 0, f"{sizes} does not fit {total} numbers")
    sizes = tuple(total // known if s == -1 else s for s in sizes)
    _expect(math.prod(sizes) == total, f"{sizes} does not fit {total} numbers")
    channels, *rest = sizes
    first = len(sizes) > 1 and flow.expected(sizes) == FIRST
    flow.add(Reshape((*rest, channels) if first else sizes))


def permute(step: Step, flow: Flow) -> None:
    moves = {
        (2, FIRST): (0, 2, 1),
        (2, LAST): (0, 2, 1),
        (3, FIRST): (0, 2, 3, 1),
        (3, LAST): (0, 3, 1, 2),
    }
    known = moves.get((len(flow.shape), flow.order))
    axes = tuple(axis % (len(flow.shape) + 1) for axis in step.sizes)
    _expect(
        axes == known, f"axes {step.sizes} of samples {flow.theirs} {flow.order}: only moving the channels is known"
    )
    flow.turn()


CONVERTERS: dict[str, Converter] = {
    "AdaptiveAvgPool1d": adaptive("average", 1),
    "AdaptiveAvgPool2d": adaptive("average", 2),
    "AdaptiveMaxPool1d": adaptive("max", 1),
    "AdaptiveMaxPool2d": adaptive("max", 2),
    "AvgPool1d": pooling("average", 1),
    "AvgPool2d": pooling("average", 2),
    "BatchNorm1d": batch_norm,
    "BatchNorm2d": batch_norm,
    "Conv1d": convolution(1),
    "Conv2d": convolution(2),
    "ConvTranspose2d": transposed,
    "Dropout": activation(lambda m: Dropout(m.p)),
    "Dropout1d": channel_dropout(SpatialDropout1D, 1),
    "Dropout2d": channel_dropout(SpatialDropout2D, 2),
    "ELU": activation(lambda m: ELU(m.alpha)),
    "Embedding": embedding,
    "Flatten": flatten,
    "GELU": activation(lambda m: GELU(m.approximate == "tanh")),
    "GRU": recurrent,
    "GroupNorm": group_norm,
    "Hardsigmoid": activation(lambda _: HardSigmoid()),
    "Identity": lambda _step, _flow: None,
    "LSTM": recurrent,
    "LayerNorm": layer_norm,
    "LeakyReLU": activation(lambda m: LeakyReLU(m.negative_slope)),
    "Linear": linear,
    "LogSoftmax": rowwise(LogSoftmax),
    "MaxPool1d": pooling("max", 1),
    "MaxPool2d": pooling("max", 2),
    "Mish": activation(lambda _: Mish()),
    "RNN": recurrent,
    "ReLU": activation(lambda _: ReLU()),
    "SELU": activation(lambda _: SELU()),
    "SiLU": activation(lambda _: Silu()),
    "Sigmoid": activation(lambda _: Sigmoid()),
    "Softmax": rowwise(Softmax),
    "Softplus": softplus,
    "Softsign": activation(lambda _: Softsign()),
    "Tanh": activation(lambda _: Tanh()),
    "Unflatten": unflatten,
    "Upsample": upsample,
    "ZeroPad1d": zero_pad(1),
    "ZeroPad2d": zero_pad(2),
    LAST_STEP: last_step,
    PERMUTE: permute,
    VIEW: view,
}
