"""What layers with a kernel, a bias and an activation share."""

from __future__ import annotations

import inspect
from typing import Any

from .. import initializers, regularizers
from ..checks import boolean
from ..config import plain
from ..program import Program
from . import activations
from .base import Description, Layer, Parameter, Shape, Tensors
from .windows import plain_tuple


class _Weighted(Layer):
    """y = activation(z): a subclass writes the calls for z, the weighted sums and their bias, and for its gradients."""

    def __init__(
        self,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        name: str | None,
        trainable: bool,
    ) -> None:
        super().__init__(name, trainable)
        owner = type(self).__name__
        self.activation = activations.get(owner, "activation", activation)
        self.use_bias = boolean(owner, "use_bias", use_bias)
        self.kernel_initializer = initializers.get(owner, "kernel_initializer", kernel_initializer)
        self.bias_initializer = initializers.get(owner, "bias_initializer", bias_initializer)
        self.kernel_regularizer = regularizers.get(owner, "kernel_regularizer", kernel_regularizer)
        self.bias_regularizer = regularizers.get(owner, "bias_regularizer", bias_regularizer)

    def weighted_sums(self, program: Program, t: Tensors, z: Any) -> None:
        """Write the calls that compute z from t.x."""
        raise TypeError(f"{type(self).__name__} must define weighted_sums(program, tensors, z)")

    def weighted_sums_backward(self, program: Program, t: Tensors, dz: Any) -> None:
        """Write the calls that compute t.gradients, if t.trained, and t.dx, unless it is None, from dz."""
        raise TypeError(f"{type(self).__name__} must define weighted_sums_backward(program, tensors, dz)")

    @property
    def keeps_output(self) -> bool:
        return self.activation is not None

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        z = t.saved.get("z", t.y)
        self.weighted_sums(program, t, z)
        if self.activation:
            self.activation.apply(program, z, t.y)

    def backward(self, program: Program, t: Tensors) -> None:
        z, dz = t.saved.get("z", t.y), t.saved.get("dz", t.dy)
        if self.activation:
            self.activation.differentiate(program, t.dy, z, t.y, dz)
        self.weighted_sums_backward(program, t, dz)

    def get_config(self) -> dict[str, Any]:
        arguments = inspect.signature(type(self)).parameters
        return super().get_config() | {name: plain_tuple(plain(getattr(self, name))) for name in arguments}

    def _description(self, kernel: Shape, output_shape: Shape, scratch: dict[str, Shape] | None = None) -> Description:
        """With a kernel of that shape, and a bias for each channel of the output."""
        parameters = [Parameter("kernel", kernel, self.kernel_initializer, self.kernel_regularizer)]
        if self.use_bias:
            parameters.append(Parameter("bias", output_shape[-1:], self.bias_initializer, self.bias_regularizer))
        saved: dict[str, Shape] = {}
        if self.activation:
            self.activation.describe(output_shape)
            if not self.activation.in_place:
                saved = {"z": output_shape, "dz": output_shape}
        return Description(output_shape, tuple(parameters), saved, scratch or {})
