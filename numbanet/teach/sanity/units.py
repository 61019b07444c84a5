"""dead_units: which units say the same for every sample?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...checks import positive_integer
from ...layers.activations import HardSigmoid, ReLU, Sigmoid, Tanh
from ...layers.base import Layer
from ...layers.recurrent import SimpleRNN
from ...model import Sequential
from ..tracing.places import everywhere, places
from .finding import Finding, table
from .twin import samples, twin

FLAT = 0.01  # of its range: as near to its ends is a sigmoid or tanh saturated, with a slope below 4 % of its largest
SOME, MANY = 0.2, 0.5  # the share of a layer's units: of a deep network's first ReLUs some are off for all samples


@dataclass(frozen=True)
class LayerUnits:
    """A layer: of `units`, `dead` are flat for all samples; `flat` is the share of all its values that are.

    Flat is 0 for ReLU, and for sigmoid, hard sigmoid and tanh an end of the range. A unit of an image is a channel.
    """

    layer: str
    activation: str
    units: int
    dead: int
    flat: float

    @property
    def share(self) -> float:
        return self.dead / self.units


@dataclass(frozen=True, repr=False)
class DeadUnits(Finding):
    """layers: those with ReLU, sigmoid, hard sigmoid or tanh, in their order."""

    layers: tuple[LayerUnits, ...]
    samples: int
    verdict: str
    ok: bool

    def lines(self) -> list[str]:
        rows = [("layer", "activation", "units", "dead", "share", "flat values")]
        rows += [
            (u.layer, u.activation, str(u.units), str(u.dead), f"{u.share:.1%}", f"{u.flat:.1%}") for u in self.layers
        ]
        return [f"dead_units: {self.samples} samples", *table(rows)]

    def draw(self, axes: Any) -> None:
        names = [f"{u.layer} ({u.activation})" for u in self.layers]
        axes.barh(names, [100 * u.flat for u in self.layers], color="0.8", label="flat values")
        axes.barh(names, [100 * u.share for u in self.layers], height=0.4, color="C3", label="dead units")
        axes.invert_yaxis()
        axes.set(xlabel="%", xlim=(0, 100))
        axes.legend()


def dead_units(model: Any, x: Any, batch_size: int = 256) -> DeadUnits:
    """Count by layer the ReLU units that are 0 for all samples x, and sigmoid and tanh units that are saturated.

    No gradient passes such a unit, so that it does not learn any more. Layers inside of others count, too; LSTM and GRU
    do not: see gates. The model is not changed. Raises ArgumentError, StateError before compile, and what predict
    raises.

    Source: Lu, Shin, Su and Karniadakis, Dying ReLU and initialization, arXiv:1903.06733; Glorot and Bengio,
    Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010, for saturation.
    """
    size = positive_integer("dead_units", "batch_size", batch_size)
    x, _ = samples("dead_units", model, x, x)
    copied = twin("dead_units", model, x)
    seen: dict[str, list[_Count]] = {}
    for first in range(0, len(x), size):
        batch = x[first : first + size]
        copied.predict(batch, batch_size=len(batch))
        for path, kind, y in _outputs(copied, len(batch)):
            seen.setdefault(path, []).append(_Count.of(kind, y))
    found = tuple(_Count.together(path, counts) for path, counts in seen.items())
    ok, verdict = _judge(found, len(x))
    return DeadUnits(found, len(x), verdict, ok)


@dataclass(frozen=True)
class _Count:
    """What a batch shows of a layer: which units are flat for all of it, and how many values are, of how many."""

    kind: str
    dead: Any
    flat: int
    values: int

    @staticmethod
    def of(kind: str, y: Any) -> _Count:
        flat = _flat(kind, y.reshape(-1, y.shape[-1]))
        return _Count(kind, flat.all(axis=0), int(flat.sum()), flat.size)

    @staticmethod
    def together(path: str, counts: list[_Count]) -> LayerUnits:
        dead = np.logical_and.reduce([count.dead for count in counts])
        flat = sum(count.flat for count in counts) / sum(count.values for count in counts)
        return LayerUnits(path, counts[0].kind, dead.size, int(dead.sum()), flat)


def _flat(kind: str, y: Any) -> Any:
    if kind == "relu":
        return y == 0
    low, high = (-1.0, 1.0) if kind == "tanh" else (0.0, 1.0)
    edge = FLAT * (high - low)
    return (y <= low) | (y >= high) if kind == "hard_sigmoid" else (y < low + edge) | (y > high - edge)


def _outputs(model: Sequential, n: int) -> list[tuple[str, str, Any]]:
    """Of each layer that can be flat, also inside of others, its path, its activation and what it gave last."""
    network = model._built("dead_units")
    tensors = network.chain.tensors(network.tensors(n), False)
    parts = list(zip(network.chain.names, network.layers, tensors, strict=True))
    found = everywhere(places(parts, [], range(0), range(0)))
    kinds = [(place, _kind(place.layer)) for place in found]
    return [(place.path, kind, np.array(place.tensors.y)) for place, kind in kinds if kind]


def _kind(layer: Layer) -> str:
    """The activation whose output a layer's output is, if it can be flat; or ""."""
    if isinstance(layer, SimpleRNN):
        return layer.activation if layer.activation in ("relu", "sigmoid", "tanh", "hard_sigmoid") else ""
    activation = getattr(layer, "activation", layer)
    names: dict[type, str] = {ReLU: "relu", Sigmoid: "sigmoid", HardSigmoid: "hard_sigmoid", Tanh: "tanh"}
    return names.get(type(activation), "")


def _judge(found: tuple[LayerUnits, ...], n: int) -> tuple[bool, str]:
    if not found:
        return True, "no layer has ReLU, sigmoid or tanh."
    worst = max(found, key=lambda units: units.share)
    if worst.share <= SOME:
        return True, "as it should be: nearly all units tell some samples from others."
    relu = worst.activation == "relu"
    name = f"{worst.dead} of the {worst.units} units of {worst.layer!r}"
    state = "0 for all samples" if relu else "saturated for all samples"
    if n < 30:
        return False, f"PERHAPS: {name} are {state}, of which there are only {n}. Look at more."
    cause = "a lower learning rate, a bias that is not so negative, or LeakyReLU" if relu else "a lower learning rate"
    degree = "MANY" if worst.share > MANY else "SOME"
    return False, f"{degree} DEAD: {name} are {state}, and get no gradient. Try smaller inputs and weights, {cause}."
