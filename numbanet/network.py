"""Layers bound to memory: the only code that walks over layers.

The walk happens when a step is recorded, once for each batch size; the step then replays its flat program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import random
from .devices import Device
from .errors import NumbanetError, StateError
from .layers.base import Description, Layer, Parameter, Shape, Tensors
from .memory import Arena
from .program import Program


@dataclass(frozen=True)
class Slot:
    """One parameter of the network: its layer, its description, and where it lives."""

    layer: str
    parameter: Parameter
    value: Any
    gradient: Any


class Network:
    """A chain of layers with its parameters, for samples of `input_shape`.

    Parameters lie in one flat buffer, those that are trained first, and their gradients in another of that layout.
    Activations are allocated for the largest batch seen; a smaller one uses their first rows.
    """

    def __init__(self, layers: Sequence[Layer], input_shape: Shape, device: Device, dtype: Any, seed: int) -> None:
        self.layers, self.names = tuple(layers), [str(layer.name) for layer in layers]
        self.input_shape, self.device, self.dtype, self.seed = input_shape, device, np.dtype(dtype), seed
        self.descriptions = self._describe()
        self.output_shape = self.descriptions[-1].output_shape if self.layers else input_shape
        self.iteration = device.zeros((1,), np.int64)
        self._allocate_parameters()
        self._activations: Arena | None = None
        self.capacity = 0

    def _describe(self) -> list[Description]:
        descriptions, shape = [], self.input_shape
        for position, layer in enumerate(self.layers):
            try:
                description = layer.describe(shape)
            except NumbanetError as error:
                raise type(error)(f"{type(layer).__name__} (layer {position}, {layer.name!r}): {error}") from None
            descriptions.append(description)
            shape = description.output_shape
        return descriptions

    def _allocate_parameters(self) -> None:
        owned = [(name, p) for name, d in zip(self.names, self.descriptions, strict=True) for p in d.parameters]
        trained = {f"{name}/{p.name}": p.shape for name, p in owned if p.trainable}
        others = {f"{name}/{p.name}": p.shape for name, p in owned if not p.trainable}
        self.gradients = Arena(self.device, self.dtype, trained)
        self.parameters = Arena(self.device, self.dtype, trained | others)
        self.trained_size = self.gradients.buffer.size
        self.slots = []
        for place, (name, p) in enumerate(owned):
            key = f"{name}/{p.name}"
            value = self.parameters.views[key]
            value[...] = p.initializer(p.shape, self.seed, random.PARAMETERS + place)
            self.slots.append(Slot(name, p, value, self.gradients.views.get(key)))

    def adopt(self, other: Network) -> None:
        """Take over the values of parameters that the other network has too."""
        old = {(slot.layer, slot.parameter.name): slot.value for slot in other.slots}
        for slot in self.slots:
            value = old.get((slot.layer, slot.parameter.name))
            if value is not None and value.shape == slot.value.shape:
                slot.value[...] = value

    @property
    def trained(self) -> list[Slot]:
        """The parameters that training changes."""
        return [slot for slot in self.slots if slot.parameter.trainable]

    @property
    def nbytes(self) -> int:
        """Bytes of parameters, gradients, and activations as far as they are allocated."""
        activations = self._activations.nbytes if self._activations else 0
        return self.parameters.nbytes + self.gradients.nbytes + activations

    def reserve(self, n: int) -> None:
        """Make room for batches of n samples. Steps recorded before keep the arrays that they had."""
        if n <= self.capacity:
            return
        shapes: dict[str, Shape] = {"x": (n, *self.input_shape), "dx": (n, *self.input_shape)}
        for i, (layer, d) in enumerate(zip(self.layers, self.descriptions, strict=True)):
            if not (layer.passes_through(True) and layer.passes_through(False)):
                shapes |= {f"{i}/y": (n, *d.output_shape), f"{i}/dy": (n, *d.output_shape)}
            shapes |= {f"{i}/saved/{name}": (n, *shape) for name, shape in d.saved.items()}
        self._activations = Arena(self.device, self.dtype, shapes)
        self.capacity = n

    def tensors(self, n: int, training: bool, input_gradient: bool) -> list[Tensors]:
        """The arrays of each layer for a batch of n samples."""
        self.reserve(n)
        arena = self._activations.views if self._activations else {}
        x, dx = arena["x"][:n], arena["dx"][:n]
        wanted = input_gradient  # whether anything below still needs a gradient
        result = []
        for i, (layer, d) in enumerate(zip(self.layers, self.descriptions, strict=True)):
            if layer.passes_through(training):
                y, dy = x.reshape((n, *d.output_shape)), dx.reshape((n, *d.output_shape))
            else:
                y, dy = arena[f"{i}/y"][:n], arena[f"{i}/dy"][:n]
            slots = [slot for slot in self.slots if slot.layer == layer.name]
            result.append(
                Tensors(
                    x=x,
                    y=y,
                    dx=dx if wanted else None,
                    dy=dy,
                    parameters={slot.parameter.name: slot.value for slot in slots},
                    gradients={slot.parameter.name: slot.gradient for slot in slots},
                    saved={name: arena[f"{i}/saved/{name}"][:n] for name in d.saved},
                    seed=self.seed,
                    stream=random.LAYERS + i,
                    iteration=self.iteration,
                )
            )
            x, dx = y, dy
            wanted = wanted or any(slot.parameter.trainable for slot in slots)
        return result

    def ends(self, n: int, training: bool) -> tuple[Any, Any, Any, Any]:
        """Input x and dx of the first layer, y and dy of the last, for a batch of n samples."""
        tensors = self.tensors(n, training, True)
        return tensors[0].x, tensors[0].dx, tensors[-1].y, tensors[-1].dy

    def forward(self, program: Program, n: int, training: bool) -> None:
        """Write the calls of the forward pass."""
        for layer, t in zip(self.layers, self.tensors(n, training, False), strict=True):
            if not layer.passes_through(training):
                program.owner, before = str(layer.name), len(program.calls)
                layer.forward(program, t, training)
                if len(program.calls) == before:
                    raise StateError(
                        f"{type(layer).__name__} ({layer.name!r}): forward wrote no kernel call into the program. "
                        "It runs once, to record: use program.call(kernel, arrays...)."
                    )

    def backward(self, program: Program, n: int, training: bool, input_gradient: bool) -> None:
        """Write the calls of the backward pass, as far down as somebody needs it."""
        tensors = self.tensors(n, training, input_gradient)
        for layer, t in zip(reversed(self.layers), reversed(tensors), strict=True):
            if not layer.passes_through(training) and (t.dx is not None or t.gradients):
                program.owner = str(layer.name)
                layer.backward(program, t)
