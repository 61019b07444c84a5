"""Dense: the fully connected layer."""

from __future__ import annotations

from typing import Any

from .. import initializers, regularizers
from ..checks import positive_integer
from ..kernels import dense
from ..program import Program
from .base import Description, Layer, Shape, Tensors
from .weighted import _Weighted


class Dense(_Weighted):
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
        trainable: bool = True,
    ) -> None:
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            name,
            trainable,
        )
        self.units = positive_integer("Dense", "units", units)

    def describe(self, input_shape: Shape) -> Description:
        return self._description((self._expect_features(input_shape), self.units), (self.units,))

    def weighted_sums(self, program: Program, t: Tensors, z: Any) -> None:
        loops = program.kernels(dense)
        if self.use_bias:
            program.call(loops.forward, t.x, t.parameters["kernel"], t.parameters["bias"], z)
        else:
            program.call(loops.forward_without_bias, t.x, t.parameters["kernel"], z)

    def weighted_sums_backward(self, program: Program, t: Tensors, dz: Any) -> None:
        loops = program.kernels(dense)
        if t.trained:
            program.call(loops.backward_kernel, dz, t.x, t.gradients["kernel"])
            if self.use_bias:
                program.call(loops.backward_bias, dz, t.gradients["bias"])
        if t.dx is not None:
            program.call(loops.backward_input, dz, t.parameters["kernel"], t.dx)
