"""What a layer is: a description of shapes and parameters, and the kernel calls of its two passes.

A layer holds its configuration and nothing else. `describe` is pure; the model allocates what it asks for and hands
the arrays to `forward` and `backward`, which write the layer's kernel calls into a program.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..checks import boolean
from ..errors import ArgumentError, ShapeError
from ..initializers import Initializer
from ..program import Program
from ..regularizers import Regularizer

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Parameter:
    """An array that belongs to a layer: trained, unless `trainable` is False, as of running statistics.

    frozen: its layer is (`Layer.trainable`); a layer does not say so itself.
    """

    name: str
    shape: Shape
    initializer: Initializer
    regularizer: Regularizer | None = None
    trainable: bool = True
    frozen: bool = False

    @property
    def trained(self) -> bool:
        """Whether training changes it by its gradient."""
        return self.trainable and not self.frozen


@dataclass(frozen=True)
class Description:
    """What a layer makes of an input shape. Shapes of samples, without the batch axis N.

    saved: arrays that hold something for every sample. scratch: arrays of the layer that have no batch axis.
    Whatever is in them before a step, forward or backward writes it before it is read.
    streams: of random numbers that the layer draws from, numbered from t.stream on.
    """

    output_shape: Shape
    parameters: tuple[Parameter, ...] = ()
    saved: dict[str, Shape] = field(default_factory=dict)
    scratch: dict[str, Shape] = field(default_factory=dict)
    streams: int = field(default=1, kw_only=True)


@dataclass(frozen=True)
class Tensors:
    """The arrays of one layer for one batch size; x, y, their gradients and what is saved have the batch axis first.

    mask (N, T), where the input is a sequence of which some steps do not count: 1 for those that do, else 0; or None.
    The gradient of a parameter that is not trained is None, of all parameters of a frozen layer.
    dx is None where nobody needs the gradient of the layer's input: in the first layer that training changes.
    training: which forward pass the backward pass follows.
    """

    x: Any
    y: Any
    dx: Any
    dy: Any
    parameters: dict[str, Any]
    gradients: dict[str, Any]
    saved: dict[str, Any]
    scratch: dict[str, Any]
    seed: int
    stream: int
    iteration: Any
    training: bool
    mask: Any = None

    @property
    def trained(self) -> bool:
        """Whether `backward` has gradients of parameters to compute: a layer that is frozen has none."""
        return any(gradient is not None for gradient in self.gradients.values())


def batch_shape(shape: Shape) -> str:
    """(8, 8) -> "(N, 8, 8)"."""
    return "(" + ", ".join(["N", *map(str, shape)]) + ")"


def snake_case(name: str) -> str:
    """MaxPooling2D -> max_pooling2d, ELU -> elu."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def free_name(base: str, taken: Container[str | None]) -> str:
    """`base`, or else the first of base_1, base_2, ... that is not taken."""
    names = (f"{base}_{k}" for k in itertools.count(1))
    return base if base not in taken else next(name for name in names if name not in taken)


class Layer:
    """The base of all layers. A subclass defines `describe`, `forward` and `backward`.

    `forward` and `backward` compute nothing themselves: they run once for each batch size and write kernel calls,
    `program.call(kernel, arrays...)`, which every step then repeats. Kernels are loops made with
    `numbanet.kernels.kernel`; layers/dense.py is a good example to read. `backward` overwrites its gradients.

    name: a unique name in the model; without one the model gives it its class's name and a number.
    trainable: False freezes the layer, and the layers in it: training leaves its parameters as they are, and computes
        neither their gradients nor their penalties, nor anything below that only frozen layers would need. A frozen
        BatchNormalization takes its running statistics in training, too; a frozen Dropout goes on dropping.
    """

    registry: ClassVar[dict[str, type[Layer]]] = {}

    def __init__(self, name: str | None = None, trainable: bool = True) -> None:
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise ArgumentError(f"{type(self).__name__}: name must be a word without '/'. Received: name={name!r}")
        self.name = name
        self._trainable = boolean(type(self).__name__, "trainable", trainable)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if not cls.__name__.startswith("_"):
            Layer.registry[cls.__name__] = cls

    def describe(self, input_shape: Shape) -> Description:
        """Output shape, parameters, saved and scratch arrays for samples of `input_shape`. Raises ShapeError."""
        raise TypeError(f"{type(self).__name__} must define describe(input_shape)")

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        """Write the calls that compute t.y from t.x."""
        raise TypeError(f"{type(self).__name__} must define forward(program, tensors, training)")

    def backward(self, program: Program, t: Tensors) -> None:
        """Write the calls that compute t.gradients, if t.trained, and t.dx, unless it is None, from t.dy."""
        raise TypeError(f"{type(self).__name__} must define backward(program, tensors)")

    @property
    def inner_layers(self) -> tuple[Layer, ...]:
        """The layers that this one is made of; their `trainable` is its own."""
        return ()

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer; if set, from the model's next build or compile on."""
        inside = self.inner_layers
        return any(layer.trainable for layer in inside) if inside else self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = boolean(type(self).__name__, "trainable", value)
        for layer in self.inner_layers:
            layer.trainable = value

    @property
    def in_place(self) -> bool:
        """Whether `forward` may get t.y in the memory of t.x, and `backward` t.dx in that of t.dy."""
        return False

    @property
    def keeps_output(self) -> bool:
        """Whether `backward` reads t.y, so that the next layer must not work in place."""
        return True

    def passes_through(self, training: bool) -> bool:
        """True where the output is the input's memory in the output's shape, so that there is nothing to compute."""
        return False

    @property
    def makes_mask(self) -> bool:
        """Whether `forward` writes saved["mask"] (T,), the steps of the output that count."""
        return False

    @property
    def takes_mask(self) -> bool:
        """Whether t.mask may be given: steps that do not count change nothing in the others."""
        return self.keeps_mask

    @property
    def keeps_mask(self) -> bool:
        """Whether t.mask holds for the output, too, because each step comes from its own step."""
        return False

    @property
    def mixes_samples(self) -> bool:
        """Whether a sample's output depends on the other samples of the batch."""
        return False

    @property
    def index_limit(self) -> int | None:
        """Where the input holds indices, the number that each must be below; the model checks them. Else None."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain values."""
        return {"name": self.name, "trainable": self.trainable}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """The layer that `get_config` described; the constructor of one of your own need not take `trainable`."""
        given = dict(config)
        trainable = boolean(cls.__name__, "trainable", given.pop("trainable", True))
        layer = cls(**given)
        if not trainable:
            layer.trainable = False
        return layer

    def __repr__(self) -> str:
        config = self.get_config()
        parameters = inspect.signature(type(self)).parameters.values()
        needed = {p.name: config[p.name] for p in parameters if p.default is p.empty and p.name in config}
        usual = type(self)(**needed).get_config()
        shown = {key: getattr(self, key) for key in config if key in needed or config[key] != usual[key]}
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in shown.items())})"

    def _expect_features(self, input_shape: Shape) -> int:
        """The number of features where samples are vectors."""
        if len(input_shape) != 1:
            each = f", or TimeDistributed round it, for each of {input_shape[0]} steps" if len(input_shape) == 2 else ""
            raise ShapeError(
                f"expected input of shape (N, features), received {batch_shape(input_shape)}. "
                f"Put Flatten() before it{each}."
            )
        return input_shape[0]

    def _expect_image(self, input_shape: Shape) -> tuple[int, int, int]:
        """(height, width, channels) where samples are images."""
        if len(input_shape) != 3:
            raise ShapeError(
                f"expected images of shape (N, height, width, channels), received {batch_shape(input_shape)}. "
                "Put Reshape((height, width, channels)) before it."
            )
        return input_shape

    def _expect_sequence(self, input_shape: Shape) -> tuple[int, int]:
        """(steps, channels) where samples are sequences."""
        if len(input_shape) != 2:
            raise ShapeError(
                f"expected sequences of shape (N, steps, channels), received {batch_shape(input_shape)}. "
                "Put Reshape((steps, channels)) before it."
            )
        return input_shape
