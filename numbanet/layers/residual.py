"""Residual: layers with a way round them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..checks import fail
from ..config import plain, resolve
from ..errors import ArgumentError, ShapeError
from ..kernels import activations as elementwise
from ..kernels import add
from ..program import Program
from . import activations
from .base import Description, Layer, Shape, Tensors, batch_shape, free_name, snake_case
from .chain import Chain, index_limit


class Residual(Layer):
    """y = activation(f(x) + x), where f is the given layers one after another: they learn a change of their input.

    Input of any shape that the layers take, and give again: f(x) and what is added to it must have one shape.

    layers: a list of layers. Their parameters are called "name/layer/kernel" in the model's weight_names.
    shortcut: a layer or a list of layers g, for y = activation(f(x) + g(x)) where f changes the shape:
        Residual([Conv2D(64, 3, strides=2, padding="same"), ...], shortcut=Conv2D(64, 1, strides=2)).
    activation: a name, an activation layer, or None.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where the shapes differ.
    Source: He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016, section 3.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        shortcut: Layer | Sequence[Layer] | None = None,
        activation: str | Layer | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        self.layers = _layers("layers", layers)
        alone = isinstance(shortcut, Layer) or (isinstance(shortcut, dict) and "class_name" in shortcut)
        self.shortcut = None if shortcut is None else _layers("shortcut", [shortcut] if alone else shortcut)
        self.activation = activations.get("Residual", "activation", activation)
        if masks := [layer for layer in self.inner_layers if layer.makes_mask]:
            fail("Residual", "layers", "layers that make no mask, which it would not hand on", masks[0])
        self._names = _names(self.layers, self.shortcut or [])
        if not trainable:
            self.trainable = False

    @property
    def inner_layers(self) -> tuple[Layer, ...]:
        return (*self.layers, *(self.shortcut or []))

    @property
    def mixes_samples(self) -> bool:
        return any(layer.mixes_samples for layer in self.inner_layers)

    def _chains(self, input_shape: Shape) -> list[Chain]:
        """f, and g if there is one."""
        count = len(self.layers)
        chains = [Chain(self.layers, self._names[:count], input_shape)]
        if self.shortcut:
            chains.append(Chain(self.shortcut, self._names[count:], input_shape))
        return chains

    @property
    def index_limit(self) -> int | None:
        limits = index_limit(self.layers), index_limit(self.shortcut or [])
        return min((limit for limit in limits if limit is not None), default=None)

    def describe(self, input_shape: Shape) -> Description:
        chains = self._chains(input_shape)
        shape, added = chains[0].output_shape, chains[-1].output_shape if self.shortcut else input_shape
        if shape != added:
            raise ShapeError(
                f"expected layers whose output has the shape of {'the shortcut' if self.shortcut else 'their input'}, "
                f"{batch_shape(added)}, received {batch_shape(shape)}. {_remedy(shape)}"
            )
        if self.activation:
            self.activation.describe(shape)
        parts = [chain.description for chain in chains]
        saved = {f"dx{k}": input_shape for k in range(len(chains))}
        saved |= {"z": shape, "dz": shape} if self.activation and not self.activation.in_place else {}
        return Description(
            shape,
            tuple(p for d in parts for p in d.parameters),
            saved | {name: s for d in parts for name, s in d.saved.items()},
            {name: s for d in parts for name, s in d.scratch.items()},
            streams=sum(d.streams for d in parts),
        )

    def _wholes(self, t: Tensors) -> list[tuple[Chain, Tensors]]:
        """The chains, each with its own gradient of x and its own streams."""
        result, stream = [], t.stream
        for k, chain in enumerate(self._chains(t.x.shape[1:])):
            result.append((chain, replace(t, dx=t.saved[f"dx{k}"], stream=stream)))
            stream += chain.description.streams
        return result

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        ways = []
        for chain, whole in self._wholes(t):
            chain.forward(program, whole)
            ways.append(chain.ends(whole)[0])
        z = t.saved.get("z", t.y)
        a, b = ways if self.shortcut else (ways[0], t.x)
        program.call(program.kernels(add).forward, a.reshape(-1), b.reshape(-1), z.reshape(-1))
        if self.activation:
            self.activation.apply(program, z, t.y)

    def backward(self, program: Program, t: Tensors) -> None:
        z, dz = t.saved.get("z", t.y), t.saved.get("dz", t.dy)
        if self.activation:
            self.activation.differentiate(program, t.dy, z, t.y, dz)
        ways = []
        for chain, whole in self._wholes(t):
            ways.append(whole.dx)
            if t.dx is not None or chain.trained(whole):
                # a copy, because a layer may use the memory of its dy once it is done with it
                program.call(program.kernels(elementwise).linear, dz.reshape(-1), chain.ends(whole)[1].reshape(-1))
                chain.backward(program, whole, t.dx is not None)
        if t.dx is not None:
            a, b = ways if self.shortcut else (ways[0], dz)
            program.call(program.kernels(add).forward, a.reshape(-1), b.reshape(-1), t.dx.reshape(-1))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "layers": [plain(layer) for layer in self.layers],
            "shortcut": self.shortcut and [plain(layer) for layer in self.shortcut],
            "activation": plain(self.activation),
        }


def _layers(argument: str, value: Any) -> list[Layer]:
    if not isinstance(value, list | tuple) or not value or any(isinstance(v, str) for v in value):
        fail("Residual", argument, "a list of layers", value)
    return [resolve("Residual", argument, v, Layer, {}) for v in value]


def _names(layers: list[Layer], shortcut: list[Layer]) -> list[str]:
    """The layers' names within the block: their own, or made of their class."""
    names: list[str | None] = []
    for k, layer in enumerate(both := [*layers, *shortcut]):
        if any(layer is other for other in both[:k]):
            raise ArgumentError(f"Residual: {layer!r} is in the block already; make a new one.")
        if layer.name in names and layer.name is not None:
            raise ArgumentError(f"Residual: layer names must differ. Received: name={layer.name!r} twice.")
        names.append(layer.name)
    taken = set(names)
    for k, layer in enumerate(both):
        if layer.name is None:
            names[k] = free_name("shortcut_" * (k >= len(layers)) + snake_case(type(layer).__name__), taken)
            taken.add(names[k])
    return [str(name) for name in names]


def _remedy(shape: Shape) -> str:
    layer = {1: "Dense({})", 2: "Conv1D({}, 1)", 3: "Conv2D({}, 1)"}.get(len(shape))
    projection = f", such as shortcut={layer.format(shape[-1])}" if layer else ""
    return f"Give layers that keep the shape, or a shortcut that makes the same one{projection}."
