"""TimeDistributed: one layer for every step of a sequence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..checks import fail
from ..config import plain, resolve
from ..errors import NumbanetError, ShapeError
from ..program import Program
from .base import Description, Layer, Shape, Tensors, batch_shape, snake_case


class TimeDistributed(Layer):
    """y[n, t] = layer(x[n, t]): applies a layer to every step of a sequence, with the same parameters.

    Input (N, T, ...), where the layer takes (N, ...); output (N, T, ...) with what the layer gives. The N T steps are
    to the layer so many samples, in the memory where they lie: TimeDistributed(Dense(8)) is what Keras's Dense(8) does
    to sequences, and BatchNormalization takes its statistics over samples and steps. Parameters: those of the layer,
    called "name/layer/kernel" in the model's weight_names.

    layer: a layer, such as Dense(8), Conv2D(16, 3) for sequences of images, or Residual([...]) for several layers.

    Raises ArgumentError for a value that is no layer, and ShapeError at build where samples are no sequences or the
    layer does not take their steps.
    A mask of its input holds for its output. Source: TimeDistributed of Keras.
    """

    def __init__(self, layer: Layer, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        if not isinstance(layer, Layer | dict):
            fail("TimeDistributed", "layer", "a layer, such as Dense(8)", layer)
        self.layer: Layer = resolve("TimeDistributed", "layer", layer, Layer, {})
        if self.layer.makes_mask:
            fail("TimeDistributed", "layer", "one that makes no mask, which it would not hand on", layer)
        self._name = self.layer.name or snake_case(type(self.layer).__name__)
        if not trainable:
            self.trainable = False

    @property
    def inner_layers(self) -> tuple[Layer, ...]:
        return (self.layer,)

    @property
    def in_place(self) -> bool:
        return self.layer.in_place

    @property
    def keeps_output(self) -> bool:
        return self.layer.keeps_output

    @property
    def keeps_mask(self) -> bool:
        return not self.layer.mixes_samples  # which the steps are

    @property
    def mixes_samples(self) -> bool:
        return self.layer.mixes_samples

    @property
    def index_limit(self) -> int | None:
        return self.layer.index_limit

    def passes_through(self, training: bool) -> bool:
        return self.layer.passes_through(training)

    def _described(self, input_shape: Shape) -> Description:
        """What the layer makes of a step."""
        try:
            return self.layer.describe(input_shape[1:])
        except NumbanetError as error:
            raise type(error)(f"{type(self.layer).__name__} ({self._name!r}), for each step: {error}") from None

    def describe(self, input_shape: Shape) -> Description:
        if len(input_shape) < 2:
            raise ShapeError(
                f"expected sequences of shape (N, steps, ...), received {batch_shape(input_shape)}. "
                "Put Reshape((steps, ...)) before it."
            )
        steps, d = input_shape[0], self._described(input_shape)
        return Description(
            (steps, *d.output_shape),
            tuple(replace(p, name=f"{self._name}/{p.name}") for p in d.parameters),
            {key: (steps, *shape) for key, shape in d.saved.items()},
            d.scratch,
            streams=d.streams,
        )

    def _inside(self, t: Tensors) -> Tensors:
        """The layer's own arrays: steps are samples, and what is one array remains one."""
        d = self._described(t.x.shape[1:])
        x, dy = _samples(t.x), _samples(t.dy)
        return replace(
            t,
            x=x,
            y=x if t.y is t.x else _samples(t.y),
            dx=None if t.dx is None else dy if t.dx is t.dy else _samples(t.dx),
            dy=dy,
            parameters={p.name: t.parameters[f"{self._name}/{p.name}"] for p in d.parameters},
            gradients={p.name: t.gradients[f"{self._name}/{p.name}"] for p in d.parameters},
            saved={key: _samples(a) for key, a in t.saved.items()},
            mask=None,
        )

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        above = program.owner
        program.owner = f"{above}/{self._name}"
        self.layer.forward(program, self._inside(t), training)
        program.owner = above

    def backward(self, program: Program, t: Tensors) -> None:
        above = program.owner
        program.owner = f"{above}/{self._name}"
        self.layer.backward(program, self._inside(t))
        program.owner = above

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"layer": plain(self.layer)}


def _samples(a: Any) -> Any:
    """(N, T, ...) as (N T, ...)."""
    return a.reshape(a.shape[0] * a.shape[1], *a.shape[2:])
