"""Dense: the fully connected layer."""

from __future__ import annotations

from typing import Any

from .. import initializers, regularizers
from ..checks import boolean, positive_integer
from ..config import plain
from ..kernels import dense
from ..program import Program
from . import activations
from .base import Description, Layer, Parameter, Shape, Tensors


class Dense(Layer):
    """y = activation(x kernel + bias).

    Input (N, features), output (N, units). Parameters: kernel (features, units), bias (units,).

    units: the number of outputs.
    activation: a name, an activation layer such as LeakyReLU(0.2), or None for the weighted sum itself.
    use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer: as in Keras.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not vectors.
    Equations and source: numbanet.kernels.dense.
    """

    def __init__(
        self,
        units: int,
        activation: str | Layer | None = None,
        use_bias: bool = True,
        kernel_initializer: str | initializers.Initializer = "glorot_uniform",
        bias_initializer: str | initializers.Initializer = "zeros",
        kernel_regularizer: str | regularizers.Regularizer | None = None,
        bias_regularizer: str | regularizers.Regularizer | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.units = positive_integer("Dense", "units", units)
        self.activation = activations.get("Dense", "activation", activation)
        self.use_bias = boolean("Dense", "use_bias", use_bias)
        self.kernel_initializer = initializers.get("Dense", "kernel_initializer", kernel_initializer)
        self.bias_initializer = initializers.get("Dense", "bias_initializer", bias_initializer)
        self.kernel_regularizer = regularizers.get("Dense", "kernel_regularizer", kernel_regularizer)
        self.bias_regularizer = regularizers.get("Dense", "bias_regularizer", bias_regularizer)

    def describe(self, input_shape: Shape) -> Description:
        features = self._expect_features(input_shape)
        output_shape: Shape = (self.units,)
        parameters = [
            Parameter("kernel", (features, self.units), self.kernel_initializer, self.kernel_regularizer),
        ]
        saved: dict[str, Shape] = {}
        if self.use_bias:
            parameters.append(Parameter("bias", (self.units,), self.bias_initializer, self.bias_regularizer))
        if self.activation:
            self.activation.describe(output_shape)
            saved = {"z": output_shape, "dz": output_shape}
        return Description(output_shape, tuple(parameters), saved)

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        loops = program.kernels(dense)
        z = t.saved["z"] if self.activation else t.y
        if self.use_bias:
            program.call(loops.forward, t.x, t.parameters["kernel"], t.parameters["bias"], z)
        else:
            program.call(loops.forward_without_bias, t.x, t.parameters["kernel"], z)
        if self.activation:
            self.activation.apply(program, z, t.y)

    def backward(self, program: Program, t: Tensors) -> None:
        loops = program.kernels(dense)
        dz = t.dy
        if self.activation:
            dz = t.saved["dz"]
            self.activation.differentiate(program, t.dy, t.saved["z"], t.y, dz)
        program.call(loops.backward_kernel, dz, t.x, t.gradients["kernel"])
        if self.use_bias:
            program.call(loops.backward_bias, dz, t.gradients["bias"])
        if t.dx is not None:
            program.call(loops.backward_input, dz, t.parameters["kernel"], t.dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "units": self.units,
            "activation": plain(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": plain(self.kernel_initializer),
            "bias_initializer": plain(self.bias_initializer),
            "kernel_regularizer": plain(self.kernel_regularizer),
            "bias_regularizer": plain(self.bias_regularizer),
        }
