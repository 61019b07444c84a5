"""What a trace holds: the steps of a model's program, and the layers' arrays by their textbook names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...checks import choice
from ...kernels import Kernel
from ...layers.base import Layer
from . import tables


@dataclass(frozen=True, eq=False, repr=False)
class Step:
    """One kernel call.

    phase: "forward", "loss", "backward", or "check", where an optimizer clips the gradients. layer: its owner's name,
    such as "dense" or "residual/dense", or "loss" or "optimizer". operation, function: of numbanet.kernels.
    arguments: by the kernel's parameters as they were before the call, arrays as copies. written: copies of those that
    the call wrote or changed, as they were after it.
    """

    number: int
    phase: str
    layer: str
    operation: str
    function: str
    kernel: Kernel
    arguments: dict[str, Any]
    written: dict[str, Any]

    def __repr__(self) -> str:
        read = ", ".join(tables.argument(name, value) for name, value in self.arguments.items())
        wrote = ", ".join(self.written)
        return f"{self.number} {self.phase} {self.layer}: {self.operation}.{self.function}({read}) -> {wrote}"


@dataclass(frozen=True, eq=False, repr=False)
class LayerTrace:
    """What a layer computed: its arrays are attributes, `trace["dense"].dW`, and lie in `values` by their names.

    layer: the layer. steps: its kernel calls, in order. layers: the traces of the layers inside of it.
    """

    name: str
    layer: Layer
    steps: tuple[Step, ...]
    values: dict[str, Any]
    layers: tuple[LayerTrace, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "values" or name not in self.values:
            known = "" if name.startswith("__") or name == "values" else f"; there are {', '.join(self.values)}"
            raise AttributeError(f"no array {name!r} in this layer's trace{known}")
        return self.values[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.values]

    def __repr__(self) -> str:
        inside = [f"and inside of it {', '.join(each.name for each in self.layers)}"] if self.layers else []
        return "\n".join([f"{self.name}: {self.layer!r}", *tables.arrays(self.values), *inside])


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """One step of a model: its kernel calls, and every layer's arrays, `trace["dense"].dW`.

    x, y: the batch as the model takes it. loss: with regularisation. gradients: as model.gradients returns them, by
    the names of weight_names. device: its name. training: whether dropout and the like were on.
    """

    model: str
    steps: tuple[Step, ...]
    layers: tuple[LayerTrace, ...]
    loss: float
    x: Any
    y: Any
    gradients: dict[str, Any]
    device: str
    training: bool

    def __getitem__(self, name: str) -> LayerTrace:
        """The trace of the layer of that name, one inside of another by its path: "residual/dense"."""
        found = {each.name: each for each in _all(self.layers)}
        return found[choice("trace", "the layer", name, list(found))]

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write a page to look at and to step through, which needs no network. Raises FileError."""
        from ..page import write

        write(self, path)

    def __repr__(self) -> str:
        samples = f"{len(self.x)} sample{'s' * (len(self.x) != 1)}, {'training' if self.training else 'inference'}"
        head = f"{self.model} on {self.device}, {self.x.dtype}, {samples}: loss {self.loss:.6g}"
        return "\n".join([head, *tables.overview([(each.name, each.values) for each in _all(self.layers)])])


def _all(layers: Sequence[LayerTrace]) -> list[LayerTrace]:
    """Layers and those inside of them."""
    return [found for each in layers for found in (each, *_all(each.layers))]
