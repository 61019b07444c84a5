"""Layers of Keras as layers here: most have the same name and settings, the others are below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import layers as ours
from ...errors import NumbanetError
from ...layers.base import Layer
from ..problems import Unsupported
from .chain import CONTAINERS, chain
from .config import Node, Settings, activation_layer, expect_own, node
from .flow import Flow, UnknownShape

Translator = Callable[[Node, Settings, Flow], None]
SAME = {
    "AveragePooling1D", "AveragePooling2D", "Conv1D", "Conv2D", "Conv2DTranspose", "Cropping1D", "Cropping2D",
    "DepthwiseConv2D", "Dropout", "Embedding", "Flatten", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "Masking", "MaxPooling1D", "MaxPooling2D", "RandomFlip", "RepeatVector",
    "Reshape", "SpatialDropout1D", "SpatialDropout2D", "UpSampling1D", "UpSampling2D", "ZeroPadding1D", "ZeroPadding2D",
}  # fmt: skip
NORMALIZATIONS = ("BatchNormalization", "GroupNormalization", "LayerNormalization")
ACTIVATIONS = ("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax")
RECURRENT = ("GRU", "LSTM", "SimpleRNN")
PLAIN = SAME | {
    *NORMALIZATIONS,
    *ACTIVATIONS,
    *RECURRENT,
    "Dense",
}  # which take all settings before they ask for a shape


def translate(found: Node, flow: Flow) -> None:
    """Put what a layer of Keras is after the others. Raises Unsupported, or what a constructor of ours raises."""
    if found.kind == "Lambda":
        raise Unsupported("it is code, and nothing in a file is run")
    expect_own(found)
    if found.kind not in TRANSLATORS:
        raise Unsupported("there is no layer for it")
    settings, first = Settings(found, flow.old), len(flow.layers)
    try:
        TRANSLATORS[found.kind](found, settings, flow)
    except (NumbanetError, UnknownShape):
        if found.kind in PLAIN:
            settings.expect_nothing_left()
        raise
    settings.expect_nothing_left()
    made = flow.layers[first:]
    if len(made) == 1 and made[0].name is None and "/" not in found.name and found.name not in flow.names():
        made[0].name = found.name
    for layer in made:
        if not settings.trainable:
            layer.trainable = False


def _same(found: Node, settings: Settings, flow: Flow) -> None:
    cls: type[Layer] = getattr(ours, found.kind)
    if found.kind == "RandomFlip":
        settings.take("value_range")
    flow.add(cls(**settings.arguments(cls)))


def _normalization(found: Node, settings: Settings, flow: Flow) -> None:
    cls: type[Layer] = getattr(ours, found.kind)
    layer, axis = cls(**settings.arguments(cls)), settings.take("axis", -1)
    settings.expect("renorm", False)
    for unused in ("renorm_clipping", "renorm_momentum"):
        settings.take(unused)
    axes = [axis] if isinstance(axis, int) else axis
    if axes not in ([-1], [len(flow.shape)]):
        raise Unsupported(f"axis={axis!r:.100}, only the last one is known")
    flow.add(layer)


def _activation(found: Node, settings: Settings, flow: Flow) -> None:
    flow.add(activation_layer(found.kind, settings))


def _dense(found: Node, settings: Settings, flow: Flow) -> None:
    """Keras's Dense takes the last axis of any input, and ours vectors: TimeDistributed goes over the others."""
    layer: Layer = ours.Dense(**settings.arguments(ours.Dense))
    for _ in flow.shape[1:]:
        layer = ours.TimeDistributed(layer)
    flow.add(layer)


def _recurrent_layer(found: Node, settings: Settings, flow: Flow) -> Layer:
    cls: type[Layer] = getattr(ours, found.kind)
    given = settings.arguments(cls)
    if given.get("stateful"):
        if flow.batch is None:
            raise Unsupported("stateful=True, and the model does not say how many samples a batch has")
        given["batch_size"] = flow.batch
    return cls(**given)


def _recurrent(found: Node, settings: Settings, flow: Flow) -> None:
    flow.add(_recurrent_layer(found, settings, flow))


def _inner(value: Any, flow: Flow) -> Layer:
    """A recurrent layer in Bidirectional."""
    found = node(value)
    expect_own(found)
    if found.kind not in RECURRENT:
        raise Unsupported(f"it goes over {found.kind}, only {', '.join(RECURRENT)} are known")
    settings = Settings(found, flow.old)
    layer = _recurrent_layer(found, settings, flow)
    settings.expect_nothing_left()
    return layer


def _bidirectional(found: Node, settings: Settings, flow: Flow) -> None:
    layer, other = settings.take("layer"), settings.take("backward_layer")
    backward = None if other is None else _inner(other, flow)
    flow.add(ours.Bidirectional(_inner(layer, flow), settings.take("merge_mode", "concat"), backward))


def _time_distributed(found: Node, settings: Settings, flow: Flow) -> None:
    inner = flow.inside()
    translate(node(settings.take("layer")), inner)
    flow.add_inside(inner, [ours.TimeDistributed(layer) for layer in inner.layers])


def _nested(found: Node, settings: Settings, flow: Flow) -> None:
    """A chain in a chain."""
    settings.values.clear()
    for inner in chain(found)[1]:
        translate(inner, flow)


def _depthwise_1d(found: Node, settings: Settings, flow: Flow) -> None:
    """A Conv1D with a group for each channel."""
    settings.values["kernel_initializer"] = settings.take("depthwise_initializer")
    settings.values["kernel_regularizer"] = settings.take("depthwise_regularizer")
    filters = flow.shape[-1] * int(settings.take("depth_multiplier", 1))
    flow.add(ours.Conv1D(filters, groups=flow.shape[-1], **settings.arguments(ours.Conv1D)), merged=True)


def _separable(axes: int) -> Translator:
    """A depthwise convolution, and one with a window of 1 over what it gives."""

    def translator(found: Node, settings: Settings, flow: Flow) -> None:
        multiplier = int(settings.take("depth_multiplier", 1))
        for which in ("initializer", "regularizer"):
            settings.values[f"kernel_{which}"] = settings.take(f"depthwise_{which}")
        pointwise = {
            "filters": settings.take("filters"),
            "activation": settings.activation("activation", settings.take("activation")),
            "use_bias": settings.take("use_bias", True),
            "bias_regularizer": settings.value("bias_regularizer", settings.take("bias_regularizer")),
            "kernel_regularizer": settings.value("kernel_regularizer", settings.take("pointwise_regularizer")),
        }
        for left in ("pointwise_initializer", "bias_initializer"):
            settings.take(left)
        settings.expect("groups", 1)
        if axes == 1:
            channels = flow.shape[-1]
            given = settings.arguments(ours.Conv1D)
            flow.add(ours.Conv1D(channels * multiplier, groups=channels, use_bias=False, **given), merged=True)
            flow.add(ours.Conv1D(kernel_size=1, **pointwise))
        else:
            settings.values["depthwise_initializer"] = settings.take("kernel_initializer")
            settings.values["depthwise_regularizer"] = settings.take("kernel_regularizer")
            given = settings.arguments(ours.DepthwiseConv2D)
            flow.add(ours.DepthwiseConv2D(depth_multiplier=multiplier, use_bias=False, **given))
            flow.add(ours.Conv2D(kernel_size=1, **pointwise))

    return translator


def _standardization(found: Node, settings: Settings, flow: Flow) -> None:
    """Keras keeps mean, variance and the count of what it has seen; or it was given both numbers."""
    axis, invert = settings.take("axis", -1), settings.take("invert", False)
    mean, variance = settings.take("mean"), settings.take("variance")
    axis = tuple(axis) if isinstance(axis, list | tuple) else axis
    if mean is None:
        mean, variance = (np.asarray(flow.take(name)).squeeze() for name in ("mean", "variance"))
        flow.skip()  # the count
    _put_standardization(ours.Normalization(axis, mean, variance, invert), flow)


def _put_standardization(layer: Layer, flow: Flow) -> None:
    parameters = layer.describe(flow.shape).parameters
    flow.given(layer, [np.asarray(p.initializer(p.shape, 0, 0)) for p in parameters])


def _rescaling(found: Node, settings: Settings, flow: Flow) -> None:
    """x scale + offset is what Normalization with invert=True computes, where the variance is scale^2."""
    scale, offset = settings.take("scale"), settings.take("offset", 0.0)
    if not isinstance(scale, int | float) or not isinstance(offset, int | float) or scale < 1e-6:
        raise Unsupported(
            f"scale={scale!r:.100} and offset={offset!r:.100}: only a positive scale, one for all, is known"
        )
    _put_standardization(ours.Normalization(None, float(offset), float(scale) ** 2, True), flow)


def _nothing(found: Node, settings: Settings, flow: Flow) -> None:
    settings.values.clear()


TRANSLATORS: dict[str, Translator] = {
    **dict.fromkeys(SAME, _same),
    **dict.fromkeys(NORMALIZATIONS, _normalization),
    **dict.fromkeys(ACTIVATIONS, _activation),
    **dict.fromkeys(RECURRENT, _recurrent),
    **dict.fromkeys(CONTAINERS, _nested),
    "Bidirectional": _bidirectional,
    "Dense": _dense,
    "DepthwiseConv1D": _depthwise_1d,
    "Identity": _nothing,
    "InputLayer": _nothing,
    "Normalization": _standardization,
    "Rescaling": _rescaling,
    "SeparableConv1D": _separable(1),
    "SeparableConv2D": _separable(2),
    "TimeDistributed": _time_distributed,
}
