"""What flows from module to module: the shape of samples as it is here, and where torch has the channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...layers import base
from ...layers.base import Layer, Shape
from ..problems import Unsupported
from .graph import LAST_STEP, PERMUTE, VIEW, Step

FIRST, LAST = "channels first", "features last"
CHANNELS_FIRST = {
    "Conv1d", "MaxPool1d", "AvgPool1d", "AdaptiveAvgPool1d", "AdaptiveMaxPool1d", "BatchNorm1d", "Dropout1d",
    "ZeroPad1d", "Upsample", "GroupNorm", "Conv2d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d", "BatchNorm2d", "Dropout2d", "ZeroPad2d",
}  # fmt: skip
FEATURES_LAST = {"RNN", "LSTM", "GRU", "Linear", "LayerNorm", "Embedding", LAST_STEP}


class UnknownShape(Exception):
    """The shape depends on a part that has no layer here."""


class Flow:
    """The layers made so far, each with its tensors of torch, and the value that they end in.

    orders: for each value between the layers, "channels first" or "features last", where it has two axes or more.
    """

    def __init__(self, steps: Sequence[Step], shape: Shape) -> None:
        self.steps, self.position = steps, -1
        self.layers: list[Layer] = []
        self.tensors: list[dict[str, Any]] = []
        self.shapes: list[Shape | None] = [shape]
        self.orders: list[str] = [self.expected(shape)]

    @property
    def shape(self) -> Shape:
        """The shape of samples, channels last."""
        shape = self.shapes[-1]
        if shape is None:
            raise UnknownShape
        return shape

    @property
    def order(self) -> str:
        """Where torch has the channels of the value."""
        return self.orders[-1]

    @property
    def theirs(self) -> Shape:
        """The shape of samples in torch."""
        shape = self.shape
        return (shape[-1], *shape[:-1]) if self.order == FIRST and len(shape) > 1 else shape

    @property
    def channel_axis(self) -> int:
        """Which axis of torch's batches the last of ours is."""
        return 1 if self.order == FIRST else len(self.shape)

    def add(self, layer: Layer, tensors: dict[str, Any] | None = None) -> None:
        """Put a layer after the others. Raises ShapeError where it does not fit."""
        shape = self.shape if not self._lost() else None
        after = None if shape is None else layer.describe(shape).output_shape
        self.layers.append(layer)
        self.tensors.append(tensors or {})
        self.shapes.append(after)
        kept = shape is not None and after is not None and len(shape) == len(after) and len(after) > 1
        self.orders.append(self.order if kept else self.expected(after or ()))

    def replace_last(self, layer: Layer) -> None:
        """Another layer in place of the last one, with its tensors."""
        tensors = self.tensors.pop()
        self.layers.pop()
        self.shapes.pop()
        self.orders.pop()
        self.add(layer, tensors)

    def lose(self) -> None:
        """A part has no layer: what comes after is looked at by itself."""
        self.shapes[-1] = None

    def turn(self) -> None:
        """Axes were moved: the same value here, with its channels elsewhere in torch."""
        self.orders[-1] = LAST if self.order == FIRST else FIRST

    def expect(self, order: str) -> None:
        """Raises Unsupported where torch has the channels elsewhere."""
        if len(self.shape) > 1 and self.order != order:
            raise Unsupported(
                f"expected an input of {base.batch_shape(self.shape)} {order}, received it {self.order}: torch would "
                "take another axis for the channels. Put x.permute(...) before it"
            )

    def _lost(self) -> bool:
        return self.shapes[-1] is None

    def expected(self, shape: Shape) -> str:
        """Where the next modules that care expect the channels of a value that is new."""
        turned = False
        for step in self.steps[self.position + 1 :]:
            if step.kind in CHANNELS_FIRST or step.kind in FEATURES_LAST:
                return FIRST if (step.kind in CHANNELS_FIRST) != turned else LAST
            if step.kind in ("Flatten", "Unflatten", VIEW):
                break
            turned ^= step.kind == PERMUTE
        return FIRST if len(shape) == 3 else LAST
