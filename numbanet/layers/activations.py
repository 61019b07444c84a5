"""Activations: a layer each, and what `activation=` means in other layers.

Equations, derivatives and papers: numbanet.kernels.activations, numbanet.kernels.softmax and .log_softmax.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import config
from ..checks import non_negative
from ..errors import ShapeError
from ..kernels import activations, log_softmax, softmax
from ..program import Program
from .base import Description, Layer, Shape, Tensors, batch_shape


class _Activation(Layer):
    """A layer without parameters, whose output has its input's shape."""

    keeps_mask = True

    def describe(self, input_shape: Shape) -> Description:
        return Description(input_shape)

    def apply(self, program: Program, x: Any, y: Any) -> None:
        """Write the calls for y = f(x)."""
        raise TypeError(f"{type(self).__name__} must define apply(program, x, y)")

    def differentiate(self, program: Program, dy: Any, x: Any, y: Any, dx: Any) -> None:
        """Write the calls for dx = dL/dx from dy = dL/dy."""
        raise TypeError(f"{type(self).__name__} must define differentiate(program, dy, x, y, dx)")

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        self.apply(program, t.x, t.y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            self.differentiate(program, t.dy, t.x, t.y, t.dx)


class _Elementwise(_Activation):
    """An activation of single elements: the kernels called `function` and `function`_backward."""

    function = ""

    def arguments(self) -> tuple[float, ...]:
        """The numbers that the function has besides its input."""
        return ()

    def apply(self, program: Program, x: Any, y: Any) -> None:
        forward = getattr(program.kernels(activations), self.function)
        program.call(forward, x.reshape(-1), *self.arguments(), y.reshape(-1))

    def differentiate(self, program: Program, dy: Any, x: Any, y: Any, dx: Any) -> None:
        backward = getattr(program.kernels(activations), self.function + "_backward")
        flat = [a.reshape(-1) for a in (dy, x, y)]
        program.call(backward, *flat, *self.arguments(), dx.reshape(-1))


class Linear(_Elementwise):
    """f(x) = x."""

    function = "linear"


class ReLU(_Elementwise):
    """f(x) = max(x, 0)."""

    function = "relu"

    @property
    def in_place(self) -> bool:
        return type(self) is ReLU  # a subclass may be another function, and need its input

    def apply(self, program: Program, x: Any, y: Any) -> None:
        if x is y:
            program.call(program.kernels(activations).relu_in_place, y.reshape(-1))
        else:
            super().apply(program, x, y)

    def differentiate(self, program: Program, dy: Any, x: Any, y: Any, dx: Any) -> None:
        if dx is dy:
            program.call(program.kernels(activations).relu_in_place_backward, y.reshape(-1), dy.reshape(-1))
        else:
            super().differentiate(program, dy, x, y, dx)


class _WithAlpha(_Elementwise):
    def __init__(self, alpha: float, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.alpha = non_negative(type(self).__name__, "alpha", alpha)

    def arguments(self) -> tuple[float, ...]:
        return (self.alpha,)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"alpha": self.alpha}


class LeakyReLU(_WithAlpha):
    """f(x) = x where x > 0, else alpha x."""

    function = "leaky_relu"

    def __init__(self, alpha: float = 0.3, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(alpha, name, trainable)


class ELU(_WithAlpha):
    """f(x) = x where x > 0, else alpha (e^x - 1)."""

    function = "elu"

    def __init__(self, alpha: float = 1.0, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(alpha, name, trainable)


class SELU(_Elementwise):
    """The self-normalising ELU; with lecun_normal kernels."""

    function = "selu"


class GELU(_Elementwise):
    """f(x) = x Phi(x), with the exact normal distribution, or its tanh approximation where approximate is True."""

    def __init__(self, approximate: bool = False, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.approximate = bool(approximate)
        self.function = "gelu_tanh" if approximate else "gelu"

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"approximate": self.approximate}


class Sigmoid(_Elementwise):
    """f(x) = 1 / (1 + e^-x)."""

    function = "sigmoid"


class Tanh(_Elementwise):
    """f(x) = tanh x."""

    function = "tanh"


class Softplus(_Elementwise):
    """f(x) = log(1 + e^x)."""

    function = "softplus"


class Softsign(_Elementwise):
    """f(x) = x / (1 + |x|)."""

    function = "softsign"


class Silu(_Elementwise):
    """f(x) = x sigmoid(x), also called swish."""

    function = "silu"


class Mish(_Elementwise):
    """f(x) = x tanh(softplus(x))."""

    function = "mish"


class HardSigmoid(_Elementwise):
    """f(x) = min(max(x + 3, 0), 6) / 6."""

    function = "hard_sigmoid"


class Step(_Elementwise):
    """f(x) = 1 where x >= 0, else 0. Its derivative is zero, so nothing below it learns."""

    function = "step"


class _Rowwise(_Activation):
    """An activation over the last axis."""

    operation: Any = None

    def describe(self, input_shape: Shape) -> Description:
        if not input_shape:
            raise ShapeError(f"expected input of shape (N, ..., classes), received {batch_shape(input_shape)}")
        return Description(input_shape)

    def apply(self, program: Program, x: Any, y: Any) -> None:
        rows = (-1, x.shape[-1])
        program.call(program.kernels(self.operation).forward, x.reshape(rows), y.reshape(rows))

    def differentiate(self, program: Program, dy: Any, x: Any, y: Any, dx: Any) -> None:
        rows = (-1, x.shape[-1])
        backward = program.kernels(self.operation).backward
        program.call(backward, dy.reshape(rows), y.reshape(rows), dx.reshape(rows))


class Softmax(_Rowwise):
    """f(x)_i = e^x_i / sum over j of e^x_j, over the last axis."""

    operation = softmax


class LogSoftmax(_Rowwise):
    """f(x)_i = x_i - log sum over j of e^x_j, over the last axis."""

    operation = log_softmax


_known: dict[str, Callable[[], Layer]] = {
    "elu": ELU,
    "gelu": GELU,
    "gelu_tanh": lambda: GELU(approximate=True),
    "hard_sigmoid": HardSigmoid,
    "leaky_relu": LeakyReLU,
    "linear": Linear,
    "log_softmax": LogSoftmax,
    "mish": Mish,
    "relu": ReLU,
    "selu": SELU,
    "sigmoid": Sigmoid,
    "silu": Silu,
    "softmax": Softmax,
    "softplus": Softplus,
    "softsign": Softsign,
    "step": Step,
    "swish": Silu,
    "tanh": Tanh,
}


def get(owner: str, argument: str, activation: Any) -> Any:
    """The activation of that name, or the one given; None for the linear one, which other layers leave out."""
    found = None if activation is None else config.resolve(owner, argument, activation, _Activation, _known)
    return None if isinstance(found, Linear) else found


class Activation(_Activation):
    """The activation of that name as a layer: Activation("relu")."""

    def __init__(self, activation: str | Layer, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.activation = config.resolve("Activation", "activation", activation, _Activation, _known)

    def describe(self, input_shape: Shape) -> Description:
        return self.activation.describe(input_shape)  # type: ignore[no-any-return]

    def apply(self, program: Program, x: Any, y: Any) -> None:
        self.activation.apply(program, x, y)

    def differentiate(self, program: Program, dy: Any, x: Any, y: Any, dx: Any) -> None:
        self.activation.differentiate(program, dy, x, y, dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"activation": config.plain(self.activation)}
