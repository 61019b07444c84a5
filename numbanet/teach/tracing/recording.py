"""trace: one step of a model, call by call, with every array by its textbook name."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...checks import boolean, fail
from ...devices.arrays import DeviceArray
from ...model import Sequential
from ...program import Call, Program
from ...step import Mode
from ...step import Step as Recorded
from ...steps import Steps
from .names import values
from .places import Place, belongs, everywhere, places
from .traces import LayerTrace, Step, Trace
from .written import written


def trace(
    model: Sequential, x: Any, y: Any, sample_weight: Any = None, training: bool = False, lengths: Any = None
) -> Trace:
    """Take the step that model.gradients(x, y) takes, and keep every array that its kernels read and write.

    Of every layer: "x" its input, "z" what its activation is applied to, "a" its output, "W", "b", "U" (recurrent) and
    other parameters, what it saves by its own name, and the gradients of the loss: "da" by a, "delta" by z, "dW", "db",
    "dU", "dx". Recurrent layers: gates, states and their gradients at each step (numbanet.teach.tracing.through_time).
    Shapes are those of the layers, (N, ...). Clipping by the model's optimizer shows in steps alone.

    The model stays as it is, with its dropout, states and statistics; it runs on its own device, in its own type.
    training, sample_weight, lengths, and what it raises: as model.gradients. Every array is copied, for each call that
    reads or writes it: meant for small models and batches.
    """
    if not isinstance(model, Sequential):
        fail("trace", "model", "a Sequential", model)
    mode = Mode(boolean("trace", "training", training), loss=True, gradients=True, input_gradient=True)
    found: list[Trace] = []

    def run(recorded: Recorded) -> None:
        found.append(_Recording(model.name, model._ready("trace"), recorded, training).run())

    with model._lock:
        model._run("trace", mode, x, y, sample_weight, lengths, run=run)
    return found[0]


class _Recording:
    """A recorded step that runs call by call."""

    def __init__(self, model: str, steps: Steps, recorded: Recorded, training: bool) -> None:
        self.model, self.network, self.recorded, self.training = model, steps.network, recorded, training
        network, own = steps.network, recorded.program.calls
        n, masked = len(recorded.x), recorded.mask is not None
        ahead, back = Program(network.device), Program(network.device)
        network.forward(ahead, n, training, masked)
        network.backward(back, n, training, True, masked)
        # in this order: forward, loss, its gradient, backward, the gradients of penalties, and here the clipping
        penalties = sum(bool(slot.parameter.regularizer) for slot in network.trained)
        self.calls = [*own, *_clipping(steps)]
        self.count, last = len(own), len(own) - penalties
        self.forward, self.backward = range(len(ahead.calls)), range(last - len(back.calls), last)
        self.loss = max(k for k, call in enumerate(own) if any(a is recorded.loss for a in call.arguments))
        tensors = network.chain.tensors(network.tensors(n, training, masked), True)
        parts = list(zip(network.chain.names, network.layers, tensors, strict=True))
        self.places = places(parts, [call.owner for call in own], self.forward, self.backward)
        self.spans: list[list[tuple[int, int]]] = []  # of memory, that each call wrote

    def run(self) -> Trace:
        """Run the step. The gradients that the model had are put back."""
        buffer = self.network.gradients.buffer
        kept = np.array(buffer)
        steps = []
        try:
            for number, call in enumerate(self.calls):
                self._look(number)
                steps.append(self._call(number, call))
            self._look(len(self.calls))
        finally:
            buffer[...] = kept
        return Trace(
            self.model,
            tuple(steps),
            tuple(self._layer(place, steps) for place in self.places),
            float(self.recorded.loss[0]),
            np.array(self.recorded.x),
            np.array(self.recorded.targets),
            self.gradients,
            self.network.device.name,
            self.training,
        )

    def _call(self, number: int, call: Call) -> Step:
        """Run one call, between copies of what it gets and of what it wrote."""
        given = dict(zip(call.kernel.parameters, call.arguments, strict=True))
        arrays = {name: a for name, a in given.items() if isinstance(a, np.ndarray | DeviceArray)}
        before = {name: np.array(value) if name in arrays else value for name, value in given.items()}
        self.network.device.executor([call.kernel.bind(*call.arguments)], self.recorded.program.stop).run()
        after = {name: np.array(arrays[name]) for name in written(call.kernel) if name in arrays}
        self.spans.append([_span(arrays[name]) for name in after])
        module, function = call.kernel.function.__module__.split("."), call.kernel.__name__
        operation = module[2] if module[:2] == ["numbanet", "kernels"] else module[-1]
        return Step(number, self._phase(number), call.owner, operation, function, call.kernel, before, after)

    def _phase(self, number: int) -> str:
        if number >= self.count:
            return "check"
        if number < self.forward.stop:
            return "forward"
        return "loss" if number <= self.loss else "backward"

    def _look(self, number: int) -> None:
        """Copy what layers have in their arrays before this call."""
        for place in everywhere(self.places):
            t = place.tensors
            own = {name: a for name, a in t.saved.items() if "/" not in name}
            wanted = {
                "input": (place.forward.start, {"x": t.x}),
                "parameters": (place.forward.start, t.parameters),
                "output": (place.forward.stop, {"a": t.y}),
                "forward": (place.forward.stop, own),
                "output gradient": (place.backward.start, {"da": t.dy}),
                "input gradient": (place.backward.stop, {"dx": t.dx}),
                "backward": (place.backward.stop, own),
                "gradients": (self.count, t.gradients),
            }
            for moment, (when, arrays) in wanted.items():
                if when == number:
                    place.seen[moment] = {k: np.array(a) for k, a in arrays.items() if a is not None and "/" not in k}
        if number == self.count:
            self.gradients = {slot.key: np.array(slot.gradient) for slot in self.network.trained}

    def _layer(self, place: Place, steps: list[Step]) -> LayerTrace:
        """What the layer computed, without arrays that this step left alone."""
        saved = place.tensors.saved
        for moment, calls in (("forward", place.forward), ("backward", place.backward)):
            spans = [span for k in calls for span in self.spans[k]]
            arrays = place.seen[moment]
            place.seen[moment] = {name: a for name, a in arrays.items() if _among(_span(saved[name]), spans)}
        own = tuple(step for step in steps if belongs(step.layer, place.path) and self._of_layers(step))
        inside = tuple(self._layer(each, steps) for each in place.inside)
        return LayerTrace(place.path, place.layer, own, values(place, own), inside)

    def _of_layers(self, step: Step) -> bool:
        """Whether a call is that of a layer: one of the loss's belongs to none, though a layer were called "loss"."""
        return step.number in self.forward or step.number in self.backward or step.operation == "regularization"


def _clipping(steps: Steps) -> list[Call]:
    """The calls with which the optimizer would clip these gradients, unless it waits for those of other batches."""
    optimizer, network = steps.optimizer, steps.network
    program = Program(network.device)
    program.owner = "optimizer"
    if optimizer and not optimizer.gradient_accumulation_steps and network.trained:
        optimizer._clip(program, network.gradients.buffer, [slot.gradient.reshape(-1) for slot in network.trained])
    return program.calls


def _span(a: Any) -> tuple[int, int]:
    """The addresses of an array's memory."""
    first = a.ctypes.data if isinstance(a, np.ndarray) else a.address
    return first, first + a.nbytes


def _among(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    """Whether any of the spans is, in part, this one."""
    return any(first < span[1] and span[0] < last for first, last in others)


Sequential.trace = trace  # the method of that name: models know nothing of what stands on them
