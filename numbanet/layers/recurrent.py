"""SimpleRNN, LSTM and GRU: layers that read a sequence step by step and carry a state along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..initializers import Initializer
from ..kernels import gru, lstm, simple_rnn, time_sum
from ..kernels._gates import NAMES
from ..program import Program
from ..regularizers import Regularizer
from .base import Shape, Tensors
from .recurrence import _Recurrent


@dataclass(frozen=True)
class _ForgetBias(Initializer):
    """Another initializer, with 1 for the forget gate: the second of four parts."""

    initializer: Initializer

    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        values = np.array(self.initializer(shape, seed, stream))
        quarter = shape[-1] // 4
        values[..., quarter : 2 * quarter] = 1.0
        return values


class SimpleRNN(_Recurrent):
    """The simplest recurrent layer: its state is an activation of the input and of the state before.

    Input (N, T, features). Output (N, units), the last state, or with return_sequences (N, T, units), that after every
    step. Parameters: kernel (features, units), recurrent_kernel (units, units), bias (units,).

    The arguments are those of LSTM. Its gradients vanish or explode with the number of steps: an LSTM or a GRU learns
    what lies far back.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not sequences.
    Equations and source: numbanet.kernels.simple_rnn.
    """

    operation = simple_rnn
    parts = 1

    def __init__(
        self,
        units: int,
        activation: str = "tanh",
        use_bias: bool = True,
        kernel_initializer: str | Initializer = "glorot_uniform",
        recurrent_initializer: str | Initializer = "orthogonal",
        bias_initializer: str | Initializer = "zeros",
        kernel_regularizer: str | Regularizer | None = None,
        recurrent_regularizer: str | Regularizer | None = None,
        bias_regularizer: str | Regularizer | None = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        batch_size: int | None = None,
        bptt_steps: int | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        self._store(locals())

    def run(self, loops: Any, program: Program, t: Tensors, x: Any, b: Any, keep: Any) -> None:
        w, u, a = t.parameters["kernel"], t.parameters["recurrent_kernel"], t.saved
        program.call(loops.forward, x, w, u, b, self.mask(t), keep, self.setting(), a["h"])

    def run_backward(self, loops: Any, program: Program, t: Tensors, dh: Any, keep: Any) -> tuple[Any, Any]:
        u, a = t.parameters["recurrent_kernel"], t.saved
        program.call(loops.backward, dh, u, self.mask(t), keep, self.setting(), a["h"], a["z"], a["dh0"])
        return a["z"], a["z"]


class LSTM(_Recurrent):
    """Long short-term memory: a cell state that gates write, keep and read.

    Input (N, T, features). Output (N, units), the last state, or with return_sequences (N, T, units), that after every
    step. Parameters, with the gates in the order input, forget, candidate, output: kernel (features, 4 units),
    recurrent_kernel (units, 4 units), bias (4 units,).

    units: the size of the state.
    activation, recurrent_activation: names, of the candidate and the cell's output, and of the gates.
    unit_forget_bias: the bias of the forget gate begins at 1, so that what is in the cell stays there at first.
    dropout: of the input's features, the same ones at all steps of a sample.
    recurrent_dropout: of the state on its way to the gates, the same units at all steps.
    go_backwards: read the sequence from its end, and return the states in that order.
    stateful: begin with the states in which the batch before ended, for `batch_size` samples; they are weights that
        no optimizer changes, and `model.reset_states()` sets them to zero.
    bptt_steps: gradients flow back over pieces of so many steps; the state flows on (truncated backpropagation).
    use_bias, initializers, regularizers: as in Keras.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not sequences.
    Equations and source: numbanet.kernels.lstm.
    """

    operation = lstm
    parts = 4
    states = ("h", "c")
    gate_names = ("i", "f", "candidate", "o")
    recurrent_activation: str
    unit_forget_bias: bool

    def __init__(
        self,
        units: int,
        activation: str = "tanh",
        recurrent_activation: str = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: str | Initializer = "glorot_uniform",
        recurrent_initializer: str | Initializer = "orthogonal",
        bias_initializer: str | Initializer = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: str | Regularizer | None = None,
        recurrent_regularizer: str | Regularizer | None = None,
        bias_regularizer: str | Regularizer | None = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        batch_size: int | None = None,
        bptt_steps: int | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        self._store(locals())

    def bias_start(self) -> Initializer:
        start = super().bias_start()
        return _ForgetBias(start) if self.unit_forget_bias else start

    def activations(self) -> tuple[int, ...]:
        return NAMES.index(self.activation), NAMES.index(self.recurrent_activation)

    def run(self, loops: Any, program: Program, t: Tensors, x: Any, b: Any, keep: Any) -> None:
        w, u, a = t.parameters["kernel"], t.parameters["recurrent_kernel"], t.saved
        program.call(loops.forward, x, w, u, b, self.mask(t), keep, self.setting(), a["z"], a["c"], a["h"])

    def run_backward(self, loops: Any, program: Program, t: Tensors, dh: Any, keep: Any) -> tuple[Any, Any]:
        u, a = t.parameters["recurrent_kernel"], t.saved
        setting, z = self.setting(), a["z"]
        program.call(loops.backward, dh, u, self.mask(t), keep, setting, z, a["c"], z, a["dh0"], a["dc0"])
        return z, z


class GRU(_Recurrent):
    """Gated recurrent unit: a state that one gate keeps and another forgets, with fewer parameters than an LSTM.

    Input (N, T, features). Output (N, units), the last state, or with return_sequences (N, T, units), that after every
    step. Parameters, with the parts in the order update gate, reset gate, candidate: kernel (features, 3 units),
    recurrent_kernel (units, 3 units), bias (2, 3 units), that of the input and that of the state; (3 units,) without
    reset_after.

    reset_after: the reset gate acts on the state's part of the candidate after its product with the recurrent kernel,
        as in Keras and cuDNN; False: on the state before it, as in the paper.
    The other arguments are those of LSTM.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not sequences.
    Equations and source: numbanet.kernels.gru.
    """

    operation = gru
    parts = 3
    gate_names = ("update", "reset", "candidate")
    recurrent_activation: str
    reset_after: bool

    def __init__(
        self,
        units: int,
        activation: str = "tanh",
        recurrent_activation: str = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: str | Initializer = "glorot_uniform",
        recurrent_initializer: str | Initializer = "orthogonal",
        bias_initializer: str | Initializer = "zeros",
        kernel_regularizer: str | Regularizer | None = None,
        recurrent_regularizer: str | Regularizer | None = None,
        bias_regularizer: str | Regularizer | None = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        batch_size: int | None = None,
        bptt_steps: int | None = None,
        reset_after: bool = True,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        self._store(locals())

    def bias_shape(self) -> Shape:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def activations(self) -> tuple[int, ...]:
        return NAMES.index(self.activation), NAMES.index(self.recurrent_activation)

    def saved(self, T: int) -> dict[str, Shape]:
        more: dict[str, Shape] = {"dz": (2, T, 3 * self.units)} if self.reset_after else {}
        return {"v": (T, self.units), **more}

    def run(self, loops: Any, program: Program, t: Tensors, x: Any, b: Any, keep: Any) -> None:
        w, u, a = t.parameters["kernel"], t.parameters["recurrent_kernel"], t.saved
        loop = loops.forward if self.reset_after else loops.forward_reset_before
        program.call(loop, x, w, u, b, self.mask(t), keep, self.setting(), a["z"], a["v"], a["h"])

    def run_backward(self, loops: Any, program: Program, t: Tensors, dh: Any, keep: Any) -> tuple[Any, Any]:
        u, a, setting = t.parameters["recurrent_kernel"], t.saved, self.setting()
        given = dh, u, self.mask(t), keep, setting, a["z"]
        if not self.reset_after:
            program.call(loops.backward_reset_before, *given, a["h"], a["z"], a["dh0"])
            return a["z"], a["z"]
        dz = a["dz"].reshape(2, *a["z"].shape)
        program.call(loops.backward, *given, a["v"], a["h"], dz, a["dh0"])
        return dz[0], dz[1]

    def recurrent_gradient(self, program: Program, t: Tensors, dr: Any, keep: Any) -> None:
        if self.reset_after:
            super().recurrent_gradient(program, t, dr, keep)
            return
        sums, gates, H = program.kernels(time_sum).backward_kernel, (0, 2 * self.units), self.units
        a, du, back = t.saved, t.gradients["recurrent_kernel"], int(self.go_backwards)
        program.call(sums, dr, a["h"], self.mask(t), keep, back, gates, du)
        program.call(sums, dr, a["v"], self.mask(t), a["keep"][:, :0], 0, (2 * H, 3 * H), du)

    def bias_gradient(self, program: Program, t: Tensors, dz: Any, dr: Any) -> None:
        if not self.reset_after:
            super().bias_gradient(program, t, dz, dr)
            return
        for side, gradient in zip((dz, dr), t.gradients["bias"], strict=True):
            program.call(program.kernels(time_sum).backward_bias, side, self.mask(t), gradient)
