"""What recurrent layers share: arguments, parameters, and the way from the input to the states and back."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .. import initializers, regularizers
from ..checks import boolean, choice, fail, fraction, positive_integer
from ..config import plain
from ..errors import ArgumentError, StateError
from ..initializers import Initializer
from ..kernels import dense, dropout, fill, spatial_dropout, time_slice, time_sum
from ..kernels._gates import NAMES
from ..program import Program
from .base import Description, Layer, Parameter, Shape, Tensors

NOT_STORED = {"self", "name", "trainable", "__class__"}  # of a constructor's names


class _Recurrent(Layer):
    """A layer that reads a sequence step by step and carries states along.

    A subclass names its kernels, how many parts its kernels have, and which states it carries.
    """

    operation: Any
    parts: int
    states: tuple[str, ...] = ("h",)
    gate_names: tuple[str, ...] = ()  # of the parts, where they are gates

    def _store(self, arguments: dict[str, Any]) -> None:
        """Check the constructor's arguments, which are attributes from then on."""
        owner = type(self).__name__
        given = {name: value for name, value in arguments.items() if name not in NOT_STORED}
        for name, value in given.items():
            if name.endswith("activation"):
                value = choice(owner, name, value, NAMES)
            elif name.endswith("_initializer"):
                value = initializers.get(owner, name, value)
            elif name.endswith("_regularizer"):
                value = regularizers.get(owner, name, value)
            elif name.endswith("dropout"):
                value = fraction(owner, name, value)
            elif name == "units":
                value = positive_integer(owner, name, value)
            elif name in ("bptt_steps", "batch_size"):
                value = None if value is None else positive_integer(owner, name, value)
            else:
                value = boolean(owner, name, value)
            setattr(self, name, value)
        if self.stateful and self.batch_size is None:
            raise ArgumentError(f"{owner}: stateful=True needs batch_size, the samples whose states are kept")
        if self.batch_size is not None and not self.stateful:
            fail(owner, "batch_size", "None, unless stateful=True", self.batch_size)

    units: int
    use_bias: bool
    return_sequences: bool
    go_backwards: bool
    stateful: bool
    batch_size: int | None
    bptt_steps: int | None
    dropout: float
    recurrent_dropout: float
    activation: str

    @property
    def keeps_output(self) -> bool:
        return False

    @property
    def takes_mask(self) -> bool:
        return not (self.return_sequences and self.go_backwards)  # whose steps are in another order than the mask

    @property
    def keeps_mask(self) -> bool:
        return self.return_sequences

    def bias_shape(self) -> Shape:
        return (self.parts * self.units,)

    def bias_start(self) -> Initializer:
        return self.bias_initializer  # type: ignore[attr-defined,no-any-return]

    def activations(self) -> tuple[int, ...]:
        """The activations, as the kernels take them."""
        return (NAMES.index(self.activation),)

    def setting(self) -> tuple[int, ...]:
        return (int(self.go_backwards), self.bptt_steps or 0, *self.activations())

    def describe(self, input_shape: Shape) -> Description:
        T, I = self._expect_sequence(input_shape)
        H, width = self.units, self.parts * self.units
        own: Any = self
        parameters = [
            Parameter("kernel", (I, width), own.kernel_initializer, own.kernel_regularizer),
            Parameter("recurrent_kernel", (H, width), own.recurrent_initializer, own.recurrent_regularizer),
        ]
        if self.use_bias:
            parameters.append(Parameter("bias", self.bias_shape(), self.bias_start(), own.bias_regularizer))
        if self.stateful:
            shape = (self.batch_size or 0, H)
            parameters += [Parameter(f"state_{s}", shape, initializers.Zeros(), trainable=False) for s in self.states]
        saved: dict[str, Shape] = {"mask": (T,), "z": (T, width), "keep": (H if self.recurrent_dropout else 0,)}
        for state in self.states:
            saved |= {state: (T + 1, H), f"d{state}0": (H,)}
        saved |= self.saved(T)
        if self.dropout:
            saved |= {"dropped": (T, I), "drop": (I,)}
        if self.return_sequences and self.go_backwards:
            saved["dh"] = (T, H)
        scratch: dict[str, Shape] = {} if self.use_bias else {"bias": self.bias_shape()}
        output: Shape = (T, H) if self.return_sequences else (H,)
        return Description(output, tuple(parameters), saved, scratch, streams=2)

    def saved(self, T: int) -> dict[str, Shape]:
        """More saved arrays, for T steps."""
        return {}

    def mask(self, t: Tensors) -> Any:
        """The mask of the input, or ones."""
        return t.saved["mask"] if t.mask is None else t.mask

    def gates(self, t: Tensors) -> dict[str, Any]:
        """Copies of the gates' values and of the states after each step of a forward pass, by name.

        Each (N, T, units), in the order of the input's time; a gate is NaN at steps that do not count.
        """
        T, first, H = t.x.shape[1], 0 if self.go_backwards else 1, self.units
        z = np.array(t.saved["z"])
        values = {name: z[..., k * H : k * H + H].copy() for k, name in enumerate(self.gate_names)}
        for gate in values.values():
            gate[np.array(self.mask(t)) == 0] = np.nan
        return values | {state: np.array(t.saved[state])[:, first : first + T] for state in reversed(self.states)}

    def run(self, loops: Any, program: Program, t: Tensors, x: Any, b: Any, keep: Any) -> None:
        """Write the call of the time loop."""
        raise TypeError(f"{type(self).__name__} must define run(...)")

    def run_backward(self, loops: Any, program: Program, t: Tensors, dh: Any, keep: Any) -> tuple[Any, Any]:
        """Write the call of the time loop backwards. Returns the gradients of both weighted sums."""
        raise TypeError(f"{type(self).__name__} must define run_backward(...)")

    def _rate(self, t: Tensors, rate: float) -> float:
        return rate if t.training else 0.0

    def _input(self, t: Tensors) -> Any:
        return t.saved["dropped"] if self._rate(t, self.dropout) else t.x

    def _keep(self, t: Tensors) -> Any:
        return t.saved["keep"] if self._rate(t, self.recurrent_dropout) else t.saved["keep"][:, :0]

    def _ends(self, t: Tensors) -> tuple[int, int]:
        """Where the first and the last state are."""
        T = t.x.shape[1]
        return (T, 0) if self.go_backwards else (0, T)

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        if self.stateful and len(t.x) != self.batch_size:
            raise StateError(
                f"{type(self).__name__} ({t.x.shape[1:]}): it keeps the states of {self.batch_size} samples, "
                f"received a batch of {len(t.x)}. Use batches of batch_size."
            )
        fills, slices = program.kernels(fill), program.kernels(time_slice)
        first, last = self._ends(t)
        if t.mask is None:
            program.call(fills.constant, 1.0, t.saved["mask"].reshape(-1))
        for state in self.states:
            start = t.parameters[f"state_{state}"] if self.stateful else t.saved[f"d{state}0"]
            if not self.stateful:
                program.call(fills.constant, 0.0, start.reshape(-1))
            program.call(slices.put, start, first, t.saved[state])
        b = t.parameters["bias"] if self.use_bias else t.scratch["bias"]
        if not self.use_bias:
            program.call(fills.constant, 0.0, b.reshape(-1))
        if rate := self._rate(t, self.dropout):
            drop = program.kernels(spatial_dropout).forward
            program.call(drop, t.x, rate, t.seed, t.stream, t.iteration, t.saved["drop"], t.saved["dropped"])
        if rate := self._rate(t, self.recurrent_dropout):
            ones, keep = t.saved["dh0"].reshape(-1), t.saved["keep"].reshape(-1)
            program.call(fills.constant, 1.0, ones)
            loop = program.kernels(dropout).forward
            program.call(loop, ones, rate, t.seed, t.stream + 1, t.iteration, keep, ones)
        self.run(program.kernels(self.operation), program, t, self._input(t), b, self._keep(t))
        if self.stateful:
            for state in self.states:
                kept = t.parameters[f"state_{state}"][:, None]
                program.call(slices.forward, t.saved[state], last, 1, kept)
        step = -1 if self.go_backwards else 1
        if self.return_sequences:
            program.call(slices.forward, t.saved["h"], first + step, step, t.y)
        else:
            program.call(slices.forward, t.saved["h"], last, step, t.y[:, None])

    def backward(self, program: Program, t: Tensors) -> None:
        dh = t.dy if self.return_sequences else t.dy[:, None]
        if self.return_sequences and self.go_backwards:
            program.call(program.kernels(time_slice).forward, dh, t.x.shape[1] - 1, -1, t.saved["dh"])
            dh = t.saved["dh"]
        keep, x, none = self._keep(t), self._input(t), t.saved["keep"][:, :0]
        dz, dr = self.run_backward(program.kernels(self.operation), program, t, dh, keep)
        if t.trained:
            loop, columns = program.kernels(time_sum).backward_kernel, (0, dz.shape[2])
            program.call(loop, dz, x, self.mask(t), none, 0, columns, t.gradients["kernel"])
            self.recurrent_gradient(program, t, dr, keep)
            if self.use_bias:
                self.bias_gradient(program, t, dz, dr)
        if t.dx is not None:
            dx, rows = t.saved["dropped"] if x is not t.x else t.dx, dz.reshape(-1, dz.shape[2])
            loop = program.kernels(dense).backward_input
            program.call(loop, rows, t.parameters["kernel"], dx.reshape(-1, t.x.shape[2]))
            if dx is not t.dx:
                program.call(program.kernels(spatial_dropout).backward, dx, t.saved["drop"], t.dx)

    def recurrent_gradient(self, program: Program, t: Tensors, dr: Any, keep: Any) -> None:
        """Write the calls for the gradient of the recurrent kernel."""
        loop, columns, back = program.kernels(time_sum).backward_kernel, (0, dr.shape[2]), int(self.go_backwards)
        given = dr, t.saved["h"], self.mask(t), keep, back, columns
        program.call(loop, *given, t.gradients["recurrent_kernel"])

    def bias_gradient(self, program: Program, t: Tensors, dz: Any, dr: Any) -> None:
        """Write the calls for the gradient of the bias."""
        program.call(program.kernels(time_sum).backward_bias, dz, self.mask(t), t.gradients["bias"])

    def get_config(self) -> dict[str, Any]:
        names = inspect.signature(type(self)).parameters
        return super().get_config() | {name: plain(getattr(self, name)) for name in names}
