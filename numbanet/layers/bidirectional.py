"""Bidirectional: a recurrent layer that reads a sequence from both ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..checks import choice, fail
from ..config import plain, resolve
from ..errors import ArgumentError
from ..kernels import activations as elementwise
from ..kernels import add, merge, time_slice
from ..program import Program
from .base import Description, Layer, Shape, Tensors, snake_case
from .chain import Chain
from .recurrence import _Recurrent

LOOPS = {"concat": "concatenate", "mul": "multiply", "ave": "average"}  # those of kernels.merge


class Bidirectional(Layer):
    """Two recurrent layers, one of which reads the sequence backwards: every output knows what comes before and after.

    Input (N, T, features). Output, with the units of the two layers side by side: (N, units + units), both last
    states, or with return_sequences in the layer (N, T, units + units), where both outputs of a step are those of the
    states after it was read. Parameters: those of both layers, called "name/forward_lstm/kernel" and
    "name/backward_lstm/kernel" in the model's weight_names.

    layer: a SimpleRNN, LSTM or GRU.
    merge_mode: "concat" for side by side; "sum", "mul" or "ave" for the sum, the product or the average of both
        outputs, which have the shape of one.
    backward_layer: the layer that reads the other way; without one a copy of `layer` with weights of its own. It must
        differ from it in go_backwards, and agree in return_sequences, stateful, batch_size, and unless concat units.

    A layer with go_backwards=True reads backwards, its copy forwards, and sequences are in the order of the layer.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where samples are not sequences.
    Source: Schuster and Paliwal, Bidirectional recurrent neural networks, IEEE Transactions on Signal Processing 45
    (1997); the arguments are Keras's, without merge_mode=None.
    """

    def __init__(
        self,
        layer: Layer,
        merge_mode: str = "concat",
        backward_layer: Layer | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name, trainable)
        if merge_mode is None:
            modes = "'concat', 'sum', 'mul' or 'ave' (two outputs do not fit in a Sequential)"
            fail("Bidirectional", "merge_mode", modes, merge_mode)
        self.merge_mode = choice("Bidirectional", "merge_mode", merge_mode, {"sum", *LOOPS})
        self.layer = _recurrent("layer", layer)
        self._given = backward_layer is not None
        if self._given:
            self.backward_layer = _recurrent("backward_layer", backward_layer)
            self._expect_agreement()
        else:
            config = self.layer.get_config() | {"go_backwards": not self.layer.go_backwards}
            self.backward_layer = _recurrent("layer", type(self.layer).from_config(config))
        if not trainable:
            self.trainable = False

    @property
    def inner_layers(self) -> tuple[Layer, ...]:
        return self.layer, self.backward_layer

    def _expect_agreement(self) -> None:
        """Raises ArgumentError where the two layers do not fit together."""
        one, other = self.layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            fail("Bidirectional", "backward_layer", f"a layer with go_backwards={not one.go_backwards}", other)
        names = ["return_sequences", "stateful", "batch_size"] + ["units"] * (self.merge_mode != "concat")
        for name in names:
            if getattr(one, name) != getattr(other, name):
                raise ArgumentError(
                    f"Bidirectional: layer and backward_layer must agree in {name}. "
                    f"Received: {name}={getattr(one, name)!r} and {name}={getattr(other, name)!r}"
                )

    @property
    def keeps_output(self) -> bool:
        return False

    @property
    def takes_mask(self) -> bool:
        return self.layer.takes_mask

    @property
    def keeps_mask(self) -> bool:
        return self.layer.keeps_mask

    def _chains(self, input_shape: Shape) -> list[Chain]:
        """Both layers, each a chain of its own."""
        layers = {"forward": self.layer, "backward": self.backward_layer}
        names = {way: f"{way}_{layer.name or snake_case(type(layer).__name__)}" for way, layer in layers.items()}
        return [Chain([layers[way]], [names[way]], input_shape) for way in layers]

    def describe(self, input_shape: Shape) -> Description:
        parts = [chain.description for chain in self._chains(input_shape)]
        *steps, units = parts[0].output_shape
        other = parts[1].output_shape
        saved = {"dx0": input_shape, "dx1": input_shape}
        saved |= {"turned": other, "dturned": other} if self.layer.return_sequences else {}
        return Description(
            (*steps, units + other[-1] * (self.merge_mode == "concat")),
            tuple(p for d in parts for p in d.parameters),
            saved | {name: s for d in parts for name, s in d.saved.items()},
            {name: s for d in parts for name, s in d.scratch.items()},
            streams=sum(d.streams for d in parts),
        )

    def _wholes(self, t: Tensors) -> list[tuple[Chain, Tensors]]:
        """The chains, each with its own gradient of x and its own streams."""
        one, other = self._chains(t.x.shape[1:])
        later = t.stream + one.description.streams
        return [(one, replace(t, dx=t.saved["dx0"])), (other, replace(t, dx=t.saved["dx1"], stream=later))]

    def _flat(self, *arrays: Any) -> list[Any]:
        """The arrays as the kernels that merge take them."""
        return [a.reshape(-1, a.shape[-1]) if self.merge_mode == "concat" else a.reshape(-1) for a in arrays]

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        ways = self._wholes(t)
        for chain, whole in ways:
            chain.forward(program, whole)
        a, b = (chain.ends(whole)[0] for chain, whole in ways)
        if self.layer.return_sequences:
            b = _turn(program, b, t.saved["turned"])
        loops = program.kernels(merge)
        loop = program.kernels(add).forward if self.merge_mode == "sum" else getattr(loops, LOOPS[self.merge_mode])
        program.call(loop, *self._flat(a, b, t.y))

    def backward(self, program: Program, t: Tensors) -> None:
        ways = self._wholes(t)
        (a, da), (b, db) = (chain.ends(whole) for chain, whole in ways)
        turned = t.saved.get("dturned", db)
        if self.merge_mode == "sum":
            # copies, because a layer may use the memory of its dy once it is done with it
            for d in (da, turned):
                program.call(program.kernels(elementwise).linear, *self._flat(t.dy, d))
        else:
            kept = (a, t.saved.get("turned", b)) if self.merge_mode == "mul" else ()
            loop = getattr(program.kernels(merge), LOOPS[self.merge_mode] + "_backward")
            program.call(loop, *self._flat(t.dy, *kept, da, turned))
        if self.layer.return_sequences:
            _turn(program, turned, db)
        for chain, whole in ways:
            chain.backward(program, whole, t.dx is not None)
        if t.dx is not None:
            dx = [a.reshape(-1) for a in (*(whole.dx for _, whole in ways), t.dx)]
            program.call(program.kernels(add).forward, *dx)

    def get_config(self) -> dict[str, Any]:
        differs = self._given or self.backward_layer.trainable != self.layer.trainable
        return super().get_config() | {
            "layer": plain(self.layer),
            "merge_mode": self.merge_mode,
            "backward_layer": plain(self.backward_layer) if differs else None,
        }


def _recurrent(argument: str, value: Any) -> _Recurrent:
    described = isinstance(value, dict) and set(value) == {"class_name", "config"}
    if not described and not isinstance(value, _Recurrent):
        fail("Bidirectional", argument, "a recurrent layer, such as LSTM(8)", value)
    layer: _Recurrent = resolve("Bidirectional", argument, value, _Recurrent, {})
    return layer


def _turn(program: Program, a: Any, out: Any) -> Any:
    """A sequence from its last step to its first."""
    program.call(program.kernels(time_slice).forward, a, a.shape[1] - 1, -1, out)
    return out
