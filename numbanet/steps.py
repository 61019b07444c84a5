"""The steps of a compiled model, recorded once for each mode and batch size and then replayed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import ArgumentError, ShapeError
from .kernels import check, gather, masking, mean, regularization, running_mean
from .losses import Loss
from .memory import Arena
from .metrics import Metric
from .network import Ends, Network
from .optimizers import Optimizer
from .program import Program


@dataclass(frozen=True)
class Mode:
    """What a step does after its forward pass."""

    training: bool = False  # dropout and the like are on
    loss: bool = False
    report: bool = False  # add loss and metrics up
    gradients: bool = False
    input_gradient: bool = False
    update: bool = False
    lengths: bool = False  # the batch has a mask, which says which steps of its sequences count


PREDICT = Mode()
EVALUATE = Mode(loss=True, report=True)
TRAIN = Mode(training=True, loss=True, gradients=True, update=True)
FIT = Mode(training=True, loss=True, report=True, gradients=True, update=True)


MOST_STEPS = 64  # recorded steps that are kept: each holds a list of bound calls


@dataclass(frozen=True)
class Source:
    """Whole arrays that a step takes its batch from: row indices[k] becomes sample k."""

    x: Any
    y: Any
    weights: Any | None
    mask: Any | None = None


@dataclass(frozen=True)
class Step:
    """A recorded step and the arrays at its ends."""

    program: Program
    x: Any
    dx: Any
    mask: Any
    y: Any
    targets: Any
    weights: Any
    indices: Any
    loss: Any
    before: Callable[[], None] | None = None  # sets the learning rate, where a schedule gives it

    def run(self) -> None:
        """Replay the program; one that updates has the learning rate of that step."""
        if self.before is not None:
            self.before()
        self.program.run()

    def fits(self, x: Any, y: Any) -> bool:
        """Whether x and y are arrays in the very types and shapes of the step."""
        return (
            isinstance(y, np.ndarray)
            and y.shape == self.targets.shape
            and x.dtype == self.x.dtype
            and y.dtype == self.targets.dtype
        )


class Steps:
    """Records the steps of a network; with a loss, metrics and an optimizer once the model is compiled."""

    def __init__(
        self,
        network: Network,
        loss: Loss | None = None,
        metrics: Sequence[Metric] = (),
        optimizer: Optimizer | None = None,
    ) -> None:
        self.network, self.loss, self.metrics, self.optimizer = network, loss, tuple(metrics), optimizer
        self._steps: dict[tuple[Mode, int], Step] = {}
        self._checks: dict[int, tuple[Program, Any]] = {}
        self._batch: dict[str, Any] = {}
        self._capacity = 0
        self.rows = math.prod(network.output_shape[:-1])  # of the loss, for each sample
        device, shape = network.device, network.output_shape
        self.mean_loss = device.zeros((2,), np.float64)
        self.states = [device.zeros(metric.state_shape, np.float64) for metric in metrics]
        self.value = device.zeros((1,), network.dtype)
        # a loss that users write may prepare targets in ways of its own
        self.plain_targets = loss is not None and loss.plain_targets and type(loss).__module__ == Loss.__module__
        self.target_shape = loss.target_shape(shape) if loss else shape
        self.target_dtype = np.dtype(np.int64) if loss and loss.integer_targets else network.dtype
        self._check_mask(network.chain.gives_mask(False) or None)
        self._allocate_moments()
        if optimizer:
            optimizer.seal()

    def _check_mask(self, mask: Any) -> None:
        """Raises ShapeError or ArgumentError where loss or metrics cannot leave out the steps that a mask names."""
        if self.loss and mask is not None:
            if len(self.network.output_shape) != 2:
                raise ShapeError(
                    f"{type(self.loss).__name__}: expected output of shape (N, steps, values), because it has a mask. "
                    f"Received: {('N', *self.network.output_shape)}"
                )
            if self.metrics:
                raise ArgumentError(
                    f"metrics: expected none, because the output has a mask, which metrics do not heed. Received: "
                    f"{[metric.name for metric in self.metrics]}. The loss leaves out the steps that do not count."
                )

    def _allocate_moments(self) -> None:
        shapes = {slot.layer + "/" + slot.parameter.name: slot.parameter.shape for slot in self.network.trained}
        self.moments: dict[str, Arena] = {}
        for name in self.optimizer.moments if self.optimizer else ():
            arena = Arena(self.network.device, self.network.dtype, shapes)
            if self.optimizer and self.optimizer.initial_moment:
                arena.buffer[...] = self.optimizer.initial_moment
            self.moments[name] = arena

    def sizes(self) -> dict[str, int]:
        """Bytes of the network's memory and of the optimizer's moments."""
        return self.network.sizes() | {"moments": sum(arena.nbytes for arena in self.moments.values())}

    def step(self, mode: Mode, n: int) -> Step:
        """The step of this mode for batches of n samples, recorded if it is new."""
        found = self._steps.get((mode, n))
        if found is None:
            self._reserve(n)
            if len(self._steps) >= MOST_STEPS:
                del self._steps[next(iter(self._steps))]
            found = self._steps[mode, n] = self.record(mode, n)
        return found

    def _reserve(self, n: int) -> None:
        """Activations and batch arrays for n samples; steps over smaller arrays are forgotten."""
        if n <= self._capacity:
            return
        device, rows = self.network.device, n * self.rows
        batch = {
            "targets": device.zeros((n, *self.target_shape), self.target_dtype),
            "weights": device.zeros((rows,), self.network.dtype),
            "losses": device.zeros((rows,), self.network.dtype),
            "saved": device.zeros((rows,), self.network.dtype),
            "masked": device.zeros((rows,), self.network.dtype),
            "indices": device.zeros((n,), np.int64),
        }
        batch["weights"][...] = 1
        self.network.reserve(n)
        self._steps.clear()
        self._checks.clear()
        self._batch, self._capacity = batch, n

    def record(self, mode: Mode, n: int, source: Source | None = None) -> Step:
        """Write a step down; with a source its batch comes from whole arrays, by `indices`."""
        self._reserve(n)
        network, program = self.network, Program(self.network.device)
        ends = network.ends(n, mode.training, mode.lengths)
        x, y, mask = ends.x, ends.y, ends.output_mask
        self._check_mask(mask)
        b = {name: array[: len(array) // self._capacity * n] for name, array in self._batch.items()}
        if source:
            if source.weights is not None:  # in an array of its own, so that no other step finds them
                b["weights"] = network.device.zeros(b["weights"].shape, network.dtype)
            self._gather(program, source, ends, b)
        network.forward(program, n, mode.training, mode.lengths)
        rows = (-1, network.output_shape[-1])
        weights = b["weights"] if mask is None else b["masked"]
        targets = b["targets"].reshape(-1) if self.target_dtype == np.int64 else b["targets"].reshape(rows)
        if mode.loss and self.loss:
            program.owner = "loss"
            if mask is not None:
                program.call(program.kernels(masking).weigh, b["weights"], mask.reshape(-1), weights)
            self.loss.forward(program, y.reshape(rows), targets, weights, b["saved"], b["losses"])
            if mask is not None:
                program.call(program.kernels(masking).leave_out, mask.reshape(-1), b["losses"][:, None])
            program.call(program.kernels(mean).forward, b["losses"], self.value)
            self._penalties(program)
        if mode.report:
            program.owner = "metrics"
            if mask is None:
                program.call(program.kernels(running_mean).update, self.value, n, self.mean_loss)
            else:
                program.call(program.kernels(running_mean).update_masked, self.value, mask.reshape(-1), self.mean_loss)
            for metric, state in zip(self.metrics, self.states, strict=True):
                metric.record(program, y.reshape(rows), targets, state)
        if mode.gradients and self.loss:
            program.owner = "loss"
            self.loss.backward(program, y.reshape(rows), targets, weights, b["saved"], ends.dy.reshape(rows))
            if mask is not None:
                program.call(program.kernels(masking).leave_out, mask.reshape(-1), ends.dy.reshape(rows))
            network.backward(program, n, mode.training, mode.input_gradient, mode.lengths)
            self._penalty_gradients(program)
        if mode.update and self.optimizer:
            program.owner = "optimizer"
            moments = {name: arena.buffer for name, arena in self.moments.items()}
            segments = [slot.gradient.reshape(-1) for slot in network.trained]
            parameters = network.parameters.buffer[: network.trained_size]
            self.optimizer.record(program, network.gradients.buffer, parameters, segments, moments, network.iteration)
        program.finish()
        batch, before = (b["targets"], b["weights"], b["indices"]), self._before(mode)
        return Step(program, x, ends.dx, ends.mask, y, *batch, self.value, before)

    def _before(self, mode: Mode) -> Callable[[], None] | None:
        """What sets the learning rate of a step that updates; None where there is no schedule."""
        optimizer, iteration = self.optimizer, self.network.iteration
        if not mode.update or optimizer is None or optimizer.schedule is None:
            return None
        return lambda: optimizer.prepare(int(iteration[0]))

    def _gather(self, program: Program, source: Source, ends: Ends, b: dict[str, Any]) -> None:
        program.owner = "data"
        rows = program.kernels(gather).rows
        samples, n = len(source.x), len(ends.x)
        program.call(rows, source.x.reshape(samples, -1), b["indices"], ends.x.reshape(n, -1))
        if source.mask is not None:
            program.call(rows, source.mask, b["indices"], ends.mask)
        program.call(rows, source.y.reshape(samples, -1), b["indices"], b["targets"].reshape(n, -1))
        if source.weights is not None:
            program.call(rows, source.weights.reshape(samples, -1), b["indices"], b["weights"].reshape(n, -1))

    def _penalties(self, program: Program) -> None:
        for slot in self.network.trained:
            if r := slot.parameter.regularizer:
                penalty = program.kernels(regularization).penalty
                program.call(penalty, slot.value.reshape(-1), r.l1, r.l2, self.value)

    def _penalty_gradients(self, program: Program) -> None:
        for slot in self.network.trained:
            if r := slot.parameter.regularizer:
                program.owner = slot.layer
                gradient = program.kernels(regularization).gradient
                program.call(gradient, slot.value.reshape(-1), r.l1, r.l2, slot.gradient.reshape(-1))

    def takes(self, x: Any) -> bool:
        """Whether x is an array of samples as the network has them."""
        return isinstance(x, np.ndarray) and x.shape[1:] == self.network.input_shape and len(x) > 0

    def good_batch(self, step: Step) -> bool:
        """Whether the batch that was copied into the step is free of NaN, infinity, and labels and indices outside."""
        n = len(step.x)
        found = self._checks.get(n)
        if found is None:
            flags = self.network.device.zeros((2, 1), np.int64)
            program = Program(self.network.device)
            loops = program.kernels(check)
            if self.network.index_limit is None:
                program.call(loops.finite, step.x.reshape(-1), flags[0])
            else:
                program.call(loops.indices, step.x.reshape(-1), self.network.index_limit, flags[0])
            if self.target_dtype == np.int64:
                program.call(loops.labels, step.targets.reshape(-1), self.network.output_shape[-1], flags[1])
            elif self.loss and self.loss.target_range:
                program.call(loops.between, step.targets.reshape(-1), *self.loss.target_range, flags[1])
            else:
                program.call(loops.finite, step.targets.reshape(-1), flags[1])
            found = self._checks[n] = (program.finish(), flags)
        program, flags = found
        program.run()
        return not (flags[0, 0] or flags[1, 0])

    def reset(self) -> None:
        """Start adding loss and metrics up anew."""
        for state in (self.mean_loss, *self.states):
            state[...] = 0

    def results(self) -> dict[str, Any]:
        """Loss and metrics over the batches since `reset`."""
        loss = float(self.mean_loss[0] / self.mean_loss[1]) if self.mean_loss[1] else math.nan
        values = {m.name: m.value(state) for m, state in zip(self.metrics, self.states, strict=True)}
        return {"loss": loss, **values}

    def restore_weights(self) -> None:
        """Every sample counts once again, after a step with weights."""
        self._batch["weights"][...] = 1
