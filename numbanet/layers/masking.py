"""Masking: sequences of different lengths in one array."""

from __future__ import annotations

from typing import Any

from ..checks import number
from ..kernels import masking
from ..program import Program
from .base import Description, Layer, Shape, Tensors


class Masking(Layer):
    """Marks the steps whose features are all `mask_value` as padding: the layers above leave them out.

    Input and output (N, T, features); padding comes out as 0. SimpleRNN, LSTM and GRU carry their states over such
    steps, so that their results do not depend on the padding, and take time only for the steps that count. The mask
    goes on through layers that treat each step by itself, such as Dropout, TimeDistributed and recurrent layers with
    return_sequences; others refuse it.

    Raises ArgumentError where mask_value is not a number, and ShapeError at build where samples are not sequences.
    Equations and source: numbanet.kernels.masking.
    """

    def __init__(self, mask_value: float = 0.0, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        self.mask_value = number("Masking", "mask_value", mask_value)

    makes_mask = True

    def describe(self, input_shape: Shape) -> Description:
        steps, _ = self._expect_sequence(input_shape)
        return Description(input_shape, saved={"mask": (steps,)})

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        program.call(program.kernels(masking).forward, t.x, self.mask_value, t.saved["mask"], t.y)

    def backward(self, program: Program, t: Tensors) -> None:
        if t.dx is not None:
            program.call(program.kernels(masking).backward, t.dy, t.saved["mask"], t.dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"mask_value": self.mask_value}
