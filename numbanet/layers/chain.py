"""Layers one after another: the only code that walks over layers.

The walk happens when a step is recorded, once for each batch size; the step then replays its flat program. A network
is a chain, and a layer may hold chains of its own, as Residual does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import NumbanetError, ShapeError, StateError
from ..program import Program
from .base import Description, Layer, Parameter, Shape, Tensors


class Chain:
    """Layers with their names, for samples of `input_shape`. Raises ShapeError where a layer does not fit.

    `description` is that of the chain as a whole: parameters and arrays of a layer are called "layer/...", and the
    arrays between the layers are saved ones. Who allocates them hands them back in the Tensors of the whole, whose y
    and dy are not looked at: `ends` tells where they are.
    """

    def __init__(self, layers: Sequence[Layer], names: Sequence[str], input_shape: Shape) -> None:
        self.layers, self.names, self.input_shape = tuple(layers), tuple(names), input_shape
        self.descriptions: list[Description] = []
        self.output_shape = input_shape
        for position, (layer, name) in enumerate(zip(layers, names, strict=True)):
            try:
                description = layer.describe(self.output_shape)
            except NumbanetError as error:
                raise type(error)(f"{type(layer).__name__} (layer {position}, {name!r}): {error}") from None
            if layer.index_limit is not None and not all(map(_moves, self.layers[:position])):
                raise ShapeError(
                    f"{type(layer).__name__} (layer {position}, {name!r}): expected indices, received the output of "
                    f"{self.names[position - 1]!r}. Make it the first layer."
                )
            if not layer.trainable:
                frozen = tuple(replace(p, frozen=True) for p in description.parameters)
                description = replace(description, parameters=frozen)
            self.descriptions.append(description)
            self.output_shape = description.output_shape
        self.gives_mask(False)

    def gives_mask(self, masked: bool) -> bool:
        """Whether the output has a mask, given whether the input has. Raises ShapeError where a layer takes none."""
        for position, (layer, name) in enumerate(zip(self.layers, self.names, strict=True)):
            if masked and layer.makes_mask:
                raise ShapeError(
                    f"{type(layer).__name__} (layer {position}, {name!r}): expected input without a mask, because it "
                    "makes one. Give either lengths or what it marks, not both."
                )
            if masked and not layer.takes_mask:
                raise ShapeError(
                    f"{type(layer).__name__} (layer {position}, {name!r}): expected input without a mask, because it "
                    "would mix padding into the other steps. Put a recurrent layer before it that returns its last "
                    "state, or leave out the mask."
                )
            masked = layer.makes_mask or (masked and layer.keeps_mask)
        return masked

    def _each(self) -> Iterator[tuple[Layer, str, Description]]:
        return zip(self.layers, self.names, self.descriptions, strict=True)

    def _in_place(self, position: int) -> bool:
        """Whether a layer's output takes the place of its input, which nobody else reads."""
        if position == 0:
            return False
        below = self.layers[position - 1]
        moves = below.passes_through(True) or below.passes_through(False)
        return self.layers[position].in_place and not below.keeps_output and not moves

    @property
    def description(self) -> Description:
        """The chain as if it were one layer."""
        parameters: list[Parameter] = []
        saved: dict[str, Shape] = {}
        scratch: dict[str, Shape] = {}
        for position, (layer, name, d) in enumerate(self._each()):
            parameters += [replace(p, name=f"{name}/{p.name}") for p in d.parameters]
            if not _moves(layer) and not self._in_place(position):
                saved |= {f"{name}/y": d.output_shape, f"{name}/dy": d.output_shape}
            saved |= {f"{name}/saved/{key}": shape for key, shape in d.saved.items()}
            scratch |= {f"{name}/{key}": shape for key, shape in d.scratch.items()}
        streams = sum(d.streams for d in self.descriptions)
        return Description(self.output_shape, tuple(parameters), saved, scratch, streams=streams)

    def tensors(self, whole: Tensors, input_gradient: bool) -> list[Tensors]:
        """The arrays of each layer. input_gradient: whether somebody needs whole.dx.

        What is trained is what has a gradient in `whole`: layers may have been frozen or unfrozen since it was made.
        """
        parameters, gradients, scratch = map(_by_layer, (whole.parameters, whole.gradients, whole.scratch))
        x, dx, stream = whole.x, whole.dx, whole.stream
        wanted, mask = input_gradient, whole.mask  # wanted: whether anything below still needs a gradient
        result = []
        for position, (layer, name, d) in enumerate(self._each()):
            if self._in_place(position):
                y, dy = x, dx
            elif layer.passes_through(whole.training):
                y, dy = (a.reshape((len(x), *d.output_shape)) for a in (x, dx))
            else:
                y, dy = whole.saved[f"{name}/y"], whole.saved[f"{name}/dy"]
            result.append(
                replace(
                    whole,
                    x=x,
                    y=y,
                    dx=dx if wanted else None,
                    dy=dy,
                    parameters=parameters.get(name, {}),
                    gradients=gradients.get(name, {}),
                    saved={key: whole.saved[f"{name}/saved/{key}"] for key in d.saved},
                    scratch=scratch.get(name, {}),
                    stream=stream,
                    mask=mask,
                )
            )
            mask = result[-1].saved["mask"] if layer.makes_mask else mask if layer.keeps_mask else None
            x, dx, stream = y, dy, stream + d.streams
            wanted = wanted or result[-1].trained
        return result

    def trained(self, whole: Tensors) -> bool:
        """Whether any of the layers has gradients of parameters to compute."""
        return any(t.trained for t in self.tensors(whole, False))

    def ends(self, whole: Tensors) -> tuple[Any, Any]:
        """y and dy of the last layer."""
        last = self.tensors(whole, True)[-1]
        return last.y, last.dy

    def output_mask(self, whole: Tensors) -> Any:
        """The mask of the last layer's output, or None."""
        if not self.gives_mask(whole.mask is not None):
            return None
        last = self.tensors(whole, True)[-1]
        return last.saved["mask"] if self.layers[-1].makes_mask else last.mask

    def forward(self, program: Program, whole: Tensors) -> None:
        """Write the calls of the forward pass, for the owner that the program has, if any."""
        above = program.owner
        for layer, name, t in zip(self.layers, self.names, self.tensors(whole, False), strict=True):
            if not layer.passes_through(whole.training):
                program.owner, before = _inside(above, name), len(program.calls)
                layer.forward(program, t, whole.training)
                if len(program.calls) == before:
                    raise StateError(
                        f"{type(layer).__name__} ({program.owner!r}): forward wrote no kernel call into the program. "
                        "It runs once, to record: use program.call(kernel, arrays...)."
                    )
        program.owner = above

    def backward(self, program: Program, whole: Tensors, input_gradient: bool) -> None:
        """Write the calls of the backward pass, as far down as somebody needs it."""
        above, tensors = program.owner, self.tensors(whole, input_gradient)
        for layer, name, t in zip(reversed(self.layers), reversed(self.names), reversed(tensors), strict=True):
            if not layer.passes_through(whole.training) and (t.dx is not None or t.trained):
                program.owner = _inside(above, name)
                layer.backward(program, t)
        program.owner = above


def index_limit(layers: Sequence[Layer]) -> int | None:
    """Layer.index_limit of layers one after another: that of the first which computes anything."""
    return next((layer.index_limit for layer in layers if not _moves(layer)), None)


def _moves(layer: Layer) -> bool:
    """Whether the layer only hands its input on, in every pass."""
    return layer.passes_through(True) and layer.passes_through(False)


def _by_layer(arrays: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """{"layer/key": array} as {"layer": {"key": array}}."""
    found: dict[str, dict[str, Any]] = {}
    for path, array in arrays.items():
        name, _, key = path.partition("/")
        found.setdefault(name, {})[key] = array
    return found


def _inside(owner: str, name: str) -> str:
    return f"{owner}/{name}" if owner else name
