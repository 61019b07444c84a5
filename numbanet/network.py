"""A chain of layers bound to memory: its parameters, gradients and activations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import random
from .devices import Device
from .layers.base import Description, Layer, Parameter, Shape, Tensors
from .layers.chain import Chain, index_limit
from .memory import Arena
from .program import Program


@dataclass(frozen=True)
class Slot:
    """One parameter of the network: its layer, its description, and where it lives."""

    layer: str
    parameter: Parameter
    value: Any
    gradient: Any

    @property
    def key(self) -> str:
        """Its name in the model: "dense/kernel"."""
        return f"{self.layer}/{self.parameter.name}"


@dataclass(frozen=True)
class Ends:
    """The arrays at both ends of a network: input, output, their gradients, and their masks or None."""

    x: Any
    dx: Any
    mask: Any
    y: Any
    dy: Any
    output_mask: Any


class Network:
    """A chain of layers with its parameters, for samples of `input_shape`.

    Parameters lie in one flat buffer: first those that are trained, whose gradients lie in another of that layout, then
    those that are frozen, then those that a step moves in other ways, as running statistics.
    Activations are allocated for the largest batch seen; a smaller one uses their first rows.

    values: what the parameters begin with, by their names; without them their initializers make it.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        input_shape: Shape,
        device: Device,
        dtype: Any,
        seed: int,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        self.chain = Chain(layers, [str(layer.name) for layer in layers], input_shape)
        self.layers, self.descriptions = self.chain.layers, self.chain.descriptions
        self.input_shape, self.output_shape = input_shape, self.chain.output_shape
        self.index_limit = index_limit(self.layers)
        self.device, self.dtype, self.seed = device, np.dtype(dtype), seed
        self.iteration = device.zeros((1,), np.int64)
        self._allocate_parameters(values)
        self._activations: Arena | None = None
        self.capacity = 0

    def _allocate_parameters(self, values: Mapping[str, Any] | None) -> None:
        owned = [(name, p) for name, d in zip(self.chain.names, self.descriptions, strict=True) for p in d.parameters]
        trained = {f"{name}/{p.name}": p.shape for name, p in owned if p.trained}
        frozen = {f"{name}/{p.name}": p.shape for name, p in owned if p.trainable and p.frozen}
        fixed = {f"{name}/{p.name}": p.shape for name, p in owned if not p.trainable}
        self.gradients = Arena(self.device, self.dtype, trained)
        self.parameters = Arena(self.device, self.dtype, trained | frozen | fixed)
        self.trained_size = self.gradients.buffer.size
        self._fixed_start = min(map(self.parameters.offsets.__getitem__, fixed), default=self.parameters.buffer.size)
        self.slots = []
        for place, (name, p) in enumerate(owned):
            key = f"{name}/{p.name}"
            value = self.parameters.views[key]
            if values is None:
                value[...] = p.initializer(p.shape, self.seed, random.PARAMETERS + place)
            else:
                value[...] = values[key]
            self.slots.append(Slot(name, p, value, self.gradients.views.get(key)))

    def following_its_layers(self) -> Network:
        """The network, or where layers were frozen or unfrozen since it was made, a new one with its values."""
        now = Chain(self.layers, self.chain.names, self.input_shape).description
        if _layout(now) == _layout(self.chain.description):
            return self
        return Network(self.layers, self.input_shape, self.device, self.dtype, self.seed, self.parameters.views)

    def adopt(self, other: Network) -> None:
        """Take over the values of parameters that the other network has too."""
        old = {(slot.layer, slot.parameter.name): slot.value for slot in other.slots}
        for slot in self.slots:
            value = old.get((slot.layer, slot.parameter.name))
            if value is not None and value.shape == slot.value.shape:
                slot.value[...] = value

    def states(self) -> dict[str, list[Any]]:
        """What layers keep from one batch to the next: their parameters "state_..." that are not trained."""
        found: dict[str, list[Any]] = {}
        for slot in self.slots:
            if not slot.parameter.trainable and slot.parameter.name.rpartition("/")[2].startswith("state_"):
                found.setdefault(slot.layer, []).append(slot.value)
        return found

    @property
    def trained(self) -> list[Slot]:
        """The parameters that training changes."""
        return [slot for slot in self.slots if slot.parameter.trained]

    @property
    def trained_values(self) -> Any:
        """The values that the optimizer changes, one after another, laid out as their gradients are."""
        return self.parameters.buffer[: self.trained_size]

    @property
    def fixed(self) -> Any:
        """The values that a step moves without an optimizer, such as running statistics, one after another."""
        return self.parameters.buffer[self._fixed_start :]

    def sizes(self) -> dict[str, int]:
        """Bytes of parameters, gradients, and activations as far as they are allocated."""
        activations = self._activations.nbytes if self._activations else 0
        return {"parameters": self.parameters.nbytes, "gradients": self.gradients.nbytes, "activations": activations}

    def activation_size(self, n: int) -> int:
        """Bytes of the activations of n samples, without the gaps between arrays."""
        return sum(map(math.prod, self._activation_shapes(n).values())) * int(self.dtype.itemsize)

    def reserve(self, n: int) -> None:
        """Make room for batches of n samples. Steps recorded before keep the arrays that they had."""
        if n <= self.capacity:
            return
        self._activations = Arena(self.device, self.dtype, self._activation_shapes(n))
        self.capacity = n

    def clear_activations(self) -> None:
        """Zero what a step writes, gradients too, but for its input and mask."""
        for name, view in self._activations.views.items() if self._activations else ():
            if name not in ("x", "mask"):
                view[...] = 0
        self.gradients.buffer[...] = 0

    def _activation_shapes(self, n: int) -> dict[str, Shape]:
        """What a step on n samples holds between its kernels."""
        d = self.chain.description
        shapes: dict[str, Shape] = {"x": (n, *self.input_shape), "dx": (n, *self.input_shape)}
        shapes |= {f"saved/{name}": (n, *shape) for name, shape in d.saved.items()}
        if len(self.input_shape) == (2 if self.index_limit is None else 1):  # sequences
            shapes["mask"] = (n, self.input_shape[0])
        return shapes | {f"scratch/{name}": shape for name, shape in d.scratch.items()}

    def tensors(self, n: int, training: bool = False, masked: bool = False) -> Tensors:
        """The arrays of all layers for a batch of n samples."""
        self.reserve(n)
        d, arena = self.chain.description, self._activations.views if self._activations else {}
        return Tensors(
            x=arena["x"][:n],
            y=None,
            dx=arena["dx"][:n],
            dy=None,
            parameters=self.parameters.views,
            gradients={name: self.gradients.views.get(name) for name in self.parameters.views},
            saved={name: arena[f"saved/{name}"][:n] for name in d.saved},
            scratch={name: arena[f"scratch/{name}"] for name in d.scratch},
            seed=self.seed,
            stream=random.LAYERS,
            iteration=self.iteration,
            training=training,
            mask=arena["mask"][:n] if masked else None,
        )

    def ends(self, n: int, training: bool, masked: bool = False) -> Ends:
        """The arrays at both ends, for a batch of n samples; with a mask of the input, if it has one."""
        whole = self.tensors(n, training, masked)
        y, dy = self.chain.ends(whole)
        return Ends(whole.x, whole.dx, whole.mask, y, dy, self.chain.output_mask(whole))

    def forward(self, program: Program, n: int, training: bool, masked: bool = False) -> None:
        """Write the calls of the forward pass."""
        program.owner = ""
        self.chain.forward(program, self.tensors(n, training, masked))

    def backward(self, program: Program, n: int, training: bool, input_gradient: bool, masked: bool = False) -> None:
        """Write the calls of the backward pass, as far down as somebody needs it."""
        program.owner = ""
        self.chain.backward(program, self.tensors(n, training, masked), input_gradient)


def _layout(d: Description) -> tuple[list[str], list[str]]:
    """What freezing layers changes: the parameters that are trained, and the scratch arrays."""
    return [p.name for p in d.parameters if p.trained], list(d.scratch)
