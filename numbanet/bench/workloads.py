"""The networks that are compared: each described once, for devices, and for numbanet's peers, to build from.

A description is a list of layers with Keras's meaning: images are (H, W, C), the padding of a convolution is "valid"
or "same" (windows of odd size, moving one cell at a time), a pool's windows do not overlap. Every network is trained
with Adam on random data; the loss is the cross-entropy of logits, binary where there is one output.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

import numbanet as nn

from ..checks import choice
from ..devices import Device

LEARNING_RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7  # of Adam, for all
NORM_EPSILON, NORM_MOMENTUM = 1e-3, 0.99  # Keras's, for all


@dataclass(frozen=True)
class Dense:
    units: int
    relu: bool = False


@dataclass(frozen=True)
class Conv:
    filters: int
    size: int
    padding: Literal["valid", "same"] = "valid"
    relu: bool = False


@dataclass(frozen=True)
class Norm:
    """Batch normalisation over all axes but the channels."""

    relu: bool = False


@dataclass(frozen=True)
class Pool:
    """The maximum of windows of size x size."""

    size: int


@dataclass(frozen=True)
class Flatten:
    pass


@dataclass(frozen=True)
class Recurrent:
    """The last state of an LSTM, or of a GRU whose reset gate acts after the product."""

    units: int
    cell: str = "LSTM"

    @property
    def parts(self) -> int:
        """Gates and candidates: so many columns of the kernels for a unit."""
        return {"LSTM": 4, "GRU": 3}[self.cell]


Layer = Dense | Conv | Norm | Pool | Flatten | Recurrent
Shape = tuple[int, ...]


def output_shape(layer: Layer, shape: Shape) -> Shape:
    """What a layer makes of samples of this shape."""
    match layer:
        case Dense(units) | Recurrent(units):
            return (units,)
        case Conv(filters, size, padding):
            cut = size - 1 if padding == "valid" else 0
            return shape[0] - cut, shape[1] - cut, filters
        case Pool(size):
            return shape[0] // size, shape[1] // size, shape[2]
        case Flatten():
            return (math.prod(shape),)
        case Norm():
            return shape


def multiplications(layer: Layer, shape: Shape) -> int:
    """Multiply-adds of the forward pass of a sample. Those with padding count too, as is usual."""
    match layer:
        case Dense(units):
            return shape[0] * units
        case Conv(_, size):
            return size * size * shape[2] * math.prod(output_shape(layer, shape))
        case Recurrent(units):
            return shape[0] * (shape[1] + units) * layer.parts * units
        case _:
            return 0


@dataclass(frozen=True)
class Workload:
    """A network and a batch size. key: what the command line calls it; title: what tables do."""

    key: str
    title: str
    input_shape: Shape
    batch: int
    layers: tuple[Layer, ...]

    @property
    def name(self) -> str:
        return f"{self.title}, batch {self.batch}"

    def at(self, batch: int) -> Workload:
        """The same network at another batch size."""
        return replace(self, batch=batch)

    def walk(self) -> Iterator[tuple[Layer, Shape]]:
        """The layers, each with the shape of its input."""
        shape = self.input_shape
        for layer in self.layers:
            yield layer, shape
            shape = output_shape(layer, shape)

    @property
    def outputs(self) -> int:
        layer, shape = list(self.walk())[-1]
        return output_shape(layer, shape)[0]

    @property
    def flops(self) -> float:
        """Of the products of a step: forward, the weights' gradient, and but for the first layer the input's."""
        counts = [n for layer, shape in self.walk() if (n := multiplications(layer, shape))]
        first, shape = next((layer, shape) for layer, shape in self.walk() if multiplications(layer, shape))
        unneeded = counts[0]
        if isinstance(first, Recurrent):  # the gradient of the states is needed all the same
            unneeded = shape[0] * shape[1] * first.parts * first.units
        return 2.0 * self.batch * (3 * sum(counts) - unneeded)

    @property
    def is_mlp(self) -> bool:
        return all(isinstance(layer, Dense) for layer in self.layers)

    def data(self, number: int = 0, dtype: str = "float32") -> tuple[Any, Any]:
        """A batch: x (N, *input_shape) and integer labels (N,), or (N, 1) of 0 and 1 in x's type for one output.

        number: of the batch, from 0; each has its own values, which are the same float32 numbers in every type.
        """
        random = np.random.default_rng(number)
        x = random.standard_normal((self.batch, *self.input_shape), np.float32)
        if self.outputs == 1:
            return x.astype(dtype), (x.sum(axis=1, keepdims=True) > 0).astype(dtype)
        return x.astype(dtype), random.integers(0, self.outputs, self.batch)


def layers_of(layer: Layer) -> list[nn.layers.Layer]:
    """What a layer of a description is in numbanet: the first of them has its weights."""
    match layer:
        case Dense(units, relu):
            return [nn.layers.Dense(units, activation="relu" if relu else None)]
        case Conv(filters, size, padding, relu):
            return [nn.layers.Conv2D(filters, size, padding=padding, activation="relu" if relu else None)]
        case Pool(size):
            return [nn.layers.MaxPooling2D(size)]
        case Norm(relu):
            norm = nn.layers.BatchNormalization(momentum=NORM_MOMENTUM, epsilon=NORM_EPSILON)
            return [norm, nn.layers.ReLU()] if relu else [norm]
        case Flatten():
            return [nn.layers.Flatten()]
        case Recurrent(units, cell):
            return [{"LSTM": nn.layers.LSTM, "GRU": nn.layers.GRU}[cell](units)]


def build(workload: Workload, device: str | Device = "cpu", dtype: str = "float32") -> nn.Sequential:
    """The network as a compiled model. Raises DeviceError, MissingDependency."""
    model = nn.Sequential([own for layer in workload.layers for own in layers_of(layer)], seed=0)
    model.build(workload.input_shape, device, dtype)
    loss = nn.losses.BinaryCrossentropy() if workload.outputs == 1 else nn.losses.SparseCategoricalCrossentropy()
    model.compile(nn.optimizers.Adam(LEARNING_RATE, BETA_1, BETA_2, EPSILON), loss)
    return model


def mlp(key: str, *widths: int, batch: int) -> Workload:
    """Layers of these widths, the first of which is the input's."""
    hidden = [Dense(width, relu=True) for width in widths[1:-1]]
    return Workload(key, f"MLP {'-'.join(map(str, widths))}", widths[:1], batch, (*hidden, Dense(widths[-1])))


def stage(filters: int) -> tuple[Layer, ...]:
    return Conv(filters, 3, "same"), Norm(relu=True), Pool(2)


def recurrent(key: str, cell: str, steps: int, features: int, units: int, batch: int) -> Workload:
    """A class for each sequence, from the last state."""
    title = f"{cell} T{steps} I{features} H{units}"
    return Workload(key, title, (steps, features), batch, (Recurrent(units, cell), Dense(10)))


WORKLOADS = (
    mlp("mlp-tiny", 2, 8, 1, batch=4),
    mlp("mlp-small", 64, 32, 10, batch=32),
    mlp("mlp", 784, 128, 10, batch=32),
    mlp("mlp-512", 784, 512, 512, 10, batch=128),
    Workload(
        "lenet5",
        "LeNet-5 28x28",
        (28, 28, 1),
        64,
        (
            Conv(6, 5, "same", relu=True),
            Pool(2),
            Conv(16, 5, relu=True),
            Pool(2),
            Flatten(),
            Dense(120, relu=True),
            Dense(84, relu=True),
            Dense(10),
        ),
    ),
    Workload(
        "cnn",
        "CNN 32-64 + Dense 128",
        (28, 28, 1),
        64,
        (Conv(32, 3, relu=True), Conv(64, 3, relu=True), Pool(2), Flatten(), Dense(128, relu=True), Dense(10)),
    ),
    Workload(
        "cnn-batchnorm",
        "CNN 32-64-128 BatchNorm 32x32x3",
        (32, 32, 3),
        64,
        (*stage(32), *stage(64), *stage(128), Flatten(), Dense(10)),
    ),
    recurrent("lstm", "LSTM", 50, 32, 128, batch=64),
    recurrent("lstm-256", "LSTM", 100, 64, 256, batch=32),
    recurrent("lstm-64", "LSTM", 28, 28, 64, batch=32),
    recurrent("gru", "GRU", 50, 32, 128, batch=64),
)
KEYS = tuple(workload.key for workload in WORKLOADS)


def chosen(owner: str, keys: Sequence[str]) -> list[Workload]:
    """The workloads of these keys, in their order. Raises ArgumentError, with all keys, for one that is not known."""
    known = dict(zip(KEYS, WORKLOADS, strict=True))
    return [known[choice(owner, "model", key, KEYS)] for key in keys]
