"""Embedding: vectors for words and other things that are known by a number."""

from __future__ import annotations

from typing import Any

from .. import initializers, regularizers
from ..checks import boolean, fail, positive_integer
from ..config import plain
from ..errors import ShapeError
from ..kernels import embedding, fill, masking
from ..program import Program
from .base import Description, Layer, Parameter, Shape, Tensors, batch_shape

MOST_INDICES = 2**24  # float32 holds every whole number up to here


class Embedding(Layer):
    """y[n, t] = embeddings[x[n, t]]: a vector for each of `input_dim` things, which are known by 0, 1, 2, ...

    Input (N, T) of indices, output (N, T, output_dim); also (N,) or more axes, each index becomes a vector.
    Parameters: embeddings (input_dim, output_dim).

    It must be the first layer, or come after Flatten or Reshape alone. fit, predict and the others take indices as
    integers or as floats, and refuse what is not a whole number from 0 to input_dim - 1. Indices have no gradient:
    input_gradient is 0.

    input_dim: how many things there are, at most 2^24, because float32 holds no larger indices.
    output_dim: the length of a vector.
    embeddings_initializer, embeddings_regularizer: as in Keras.
    mask_zero: index 0 is padding, which the layers above leave out (see Masking); input (N, T).

    Raises ArgumentError for a value it cannot use, and ShapeError at build where it is not first. Equations and source:
    numbanet.kernels.embedding.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: str | initializers.Initializer = "uniform",
        embeddings_regularizer: str | regularizers.Regularizer | None = None,
        mask_zero: bool = False,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        owner = "Embedding"
        self.input_dim = positive_integer(owner, "input_dim", input_dim)
        if self.input_dim > MOST_INDICES:
            fail(
                owner, "input_dim", f"at most 2^24 = {MOST_INDICES}, because float32 holds no larger indices", input_dim
            )
        self.output_dim = positive_integer(owner, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(owner, "embeddings_initializer", embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(owner, "embeddings_regularizer", embeddings_regularizer)

        self.mask_zero = boolean(owner, "mask_zero", mask_zero)

    @property
    def index_limit(self) -> int | None:
        return self.input_dim

    @property
    def keeps_mask(self) -> bool:
        return not self.mask_zero

    @property
    def makes_mask(self) -> bool:
        return self.mask_zero

    @property
    def keeps_output(self) -> bool:
        return False

    def describe(self, input_shape: Shape) -> Description:
        table = self.input_dim, self.output_dim
        parameter = Parameter("embeddings", table, self.embeddings_initializer, self.embeddings_regularizer)
        if self.mask_zero and len(input_shape) != 1:
            raise ShapeError(f"expected indices of shape (N, steps) for mask_zero, received {batch_shape(input_shape)}")
        saved = {"mask": input_shape} if self.mask_zero else {}
        return Description((*input_shape, self.output_dim), (parameter,), saved)

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        y = t.y.reshape(-1, self.output_dim)
        if self.mask_zero:
            program.call(program.kernels(masking).indices, t.x, t.saved["mask"])
        program.call(program.kernels(embedding).forward, t.x.reshape(-1), t.parameters["embeddings"], y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.trained:
            dy = t.dy.reshape(-1, self.output_dim)
            program.call(program.kernels(embedding).backward, dy, t.x.reshape(-1), t.gradients["embeddings"])
        if t.dx is not None:
            program.call(program.kernels(fill).constant, 0.0, t.dx.reshape(-1))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": plain(self.embeddings_initializer),
            "embeddings_regularizer": plain(self.embeddings_regularizer),
            "mask_zero": self.mask_zero,
        }
