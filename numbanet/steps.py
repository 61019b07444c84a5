"""The steps of a compiled model, recorded once for each mode and batch size and then replayed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import nonfinite
from .checks import positive
from .errors import ArgumentError, NonFiniteError, ShapeError, StateError
from .io.checkpoint import count
from .kernels import check, copy, counter, gather, masking, mean, regularization, running_mean
from .losses import Loss
from .memory import Arena
from .metrics import Metric
from .network import Ends, Network
from .optimizers import Optimizer
from .program import Program
from .step import Mode, Source, Step

MOST_STEPS = 64  # recorded steps that are kept: each holds a list of bound calls


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
        self.fixed_before = device.zeros(network.fixed.shape, network.dtype)  # of the step that runs
        # a loss that users write may prepare targets in ways of its own
        self.plain_targets = loss is not None and loss.plain_targets and type(loss).__module__ == Loss.__module__
        self.target_shape = loss.target_shape(shape) if loss else shape
        self.target_dtype = np.dtype(np.int64) if loss and loss.integer_targets else network.dtype
        self._check_mask(network.chain.gives_mask(False) or None)
        self._allocate_moments()
        self._swapped = False
        self._initial_rate = None if optimizer is None else optimizer.learning_rate
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
        shapes = {slot.key: slot.parameter.shape for slot in self.network.trained}
        self.moments: dict[str, Arena] = {}
        self.updates = self.network.device.zeros((1,), np.int64)
        for name, initial in self.optimizer.arrays.items() if self.optimizer else ():
            arena = Arena(self.network.device, self.network.dtype, shapes)
            if initial:
                arena.buffer[...] = initial
            self.moments[name] = arena

    def get_state(self) -> dict[str, Any]:
        """What another Steps of the same model needs to make the same next step: copies."""
        rate = self.optimizer.learning_rate if self.optimizer else None
        moments = {
            name: {parameter: np.array(view) for parameter, view in arena.views.items()}
            for name, arena in self.moments.items()
        }
        counts = {"iteration": int(self.network.iteration[0]), "updates": int(self.updates[0])}
        rates = {"learning_rate": rate, "initial_learning_rate": self._initial_rate}
        return counts | rates | {"moments": moments}

    def set_state(self, state: dict[str, Any], weights: Mapping[str, Any]) -> None:
        """Take over a state, and weights by name that fit; nothing is changed unless the state does: ValueError."""
        counts = count(state["iteration"]), count(state["updates"])
        places = {(name, key): view for name, arena in self.moments.items() for key, view in arena.views.items()}
        values = {(name, key): a for name, arrays in state["moments"].items() for key, a in arrays.items()}
        shapes, found = ({key: (a.shape, a.dtype) for key, a in arrays.items()} for arrays in (places, values))
        if shapes != found:
            raise ValueError(f"expected moments {shapes!r:.300}, found {found!r:.300}")
        if self.optimizer and self.optimizer.schedule is None:
            self._take_rate(self.optimizer, state["initial_learning_rate"], state["learning_rate"])
        elif self.optimizer:
            self.optimizer.prepare(max(counts[1] - 1, 0))
        for key, place in places.items():
            place[...] = values[key]
        for slot in self.network.slots:
            slot.value[...] = weights[slot.key]
        self.network.iteration[0], self.updates[0] = counts

    def _take_rate(self, optimizer: Optimizer, initial: float, rate: float) -> None:
        """Take over a learning rate, unless the optimizer was made with another one than its training began with."""
        positive(type(optimizer).__name__, "learning_rate", rate)
        if not self.has_other_rate(initial):
            optimizer.learning_rate = rate

    def has_other_rate(self, initial: float) -> bool:
        """Whether the optimizer was made with another learning rate, and has no schedule."""
        return self.optimizer is not None and self.optimizer.schedule is None and initial != self._initial_rate

    def sizes(self) -> dict[str, int]:
        """Bytes of the network's memory and of the optimizer's moments."""
        return self.network.sizes() | {"moments": sum(arena.nbytes for arena in self.moments.values())}

    def step(self, mode: Mode, n: int) -> Step:
        """The step of this mode for batches of n samples, recorded if it is new."""
        found = self._steps.get((mode, n))
        if found is None:
            self.reserve(n)
            if len(self._steps) >= MOST_STEPS:
                del self._steps[next(iter(self._steps))]
            found = self._steps[mode, n] = self.record(mode, n)
        return found

    def reserve(self, n: int) -> None:
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
        }
        batch["weights"][...] = 1
        self.network.reserve(n)
        self._steps.clear()
        self._checks.clear()
        self._batch, self._capacity = batch, n

    def record(self, mode: Mode, n: int, source: Source | None = None) -> Step:
        """Write a step down; with a source its batch comes from whole arrays."""
        self.reserve(n)
        ends = self.network.ends(n, mode.training, mode.lengths)
        self._check_mask(ends.output_mask)
        b = {name: array[: len(array) // self._capacity * n] for name, array in self._batch.items()}
        if source and source.weights is not None:  # in an array of its own, so that no other step finds them
            b["weights"] = self.network.device.zeros(b["weights"].shape, self.network.dtype)
        every = self.optimizer.gradient_accumulation_steps if mode.update and self.optimizer else None
        iteration = self.network.iteration
        return Step(
            self._program(mode, source, ends, b),
            ends.x,
            ends.dx,
            ends.mask,
            ends.y,
            b["targets"],
            b["weights"],
            self.value,
            self._before(mode),
            self._program(mode, source, ends, b, update=False) if every else None,
            (lambda: (int(iteration[0]) + 1) % every == 0) if every else None,
            lambda program: self._refuse(program, ends, b),
        )

    def _program(
        self, mode: Mode, source: Source | None, ends: Ends, b: dict[str, Any], update: bool = True
    ) -> Program:
        """The calls of a step, of one whose gradient waits for others where there is no update."""
        network, program, n = self.network, Program(self.network.device), len(ends.x)
        y, mask = ends.y, ends.output_mask
        if mode.guarded and network.fixed.size:
            program.owner = "data"
            program.call(program.kernels(copy).forward, network.fixed, self.fixed_before)
        self._expect_finite(mode, program, network.parameters.buffer)
        if source:
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
            self._expect_finite(mode, program, self.value)
        if mode.gradients and self.loss:
            program.owner = "loss"
            self.loss.backward(program, y.reshape(rows), targets, weights, b["saved"], ends.dy.reshape(rows))
            if mask is not None:
                program.call(program.kernels(masking).leave_out, mask.reshape(-1), ends.dy.reshape(rows))
            network.backward(program, n, mode.training, mode.input_gradient, mode.lengths)
            self._penalty_gradients(program)
            self._expect_finite(mode, program, network.gradients.buffer)
            self._expect_finite(mode, program, network.fixed)
        if mode.report:  # of no step that ended before
            program.owner = "metrics"
            if mask is None:
                program.call(program.kernels(running_mean).update, self.value, n, self.mean_loss)
            else:
                program.call(program.kernels(running_mean).update_masked, self.value, mask.reshape(-1), self.mean_loss)
            for metric, state in zip(self.metrics, self.states, strict=True):
                metric.record(program, y.reshape(rows), targets, state)
        if mode.update and self.optimizer:
            self._record_update(program, self.optimizer, update)
        if source:
            program.owner = "data"
            program.call(program.kernels(counter).advance, n, source.first)
        return program.finish()

    def _record_update(self, program: Program, optimizer: Optimizer, update: bool) -> None:
        program.owner = "optimizer"
        network, arrays = self.network, {name: arena.buffer for name, arena in self.moments.items()}
        gradient = network.gradients.buffer
        if update:
            segments = [slot.gradient.reshape(-1) for slot in network.trained]
            optimizer.record(program, gradient, network.trained_values, segments, arrays, self.updates)
        else:
            optimizer.record_accumulation(program, gradient, arrays)
        program.call(program.kernels(counter).advance, 1, network.iteration)

    def update_program(self, guarded: bool, update: bool = True) -> Program:
        """An update by the gradient that is there; without `update` it waits for those of other batches."""
        network, program, mode = self.network, Program(self.network.device), Mode(update=True, guarded=guarded)
        self._expect_finite(mode, program, network.gradients.buffer)
        self._expect_finite(mode, program, network.fixed)
        if self.optimizer:
            program.owner = "optimizer"
            self._record_update(program, self.optimizer, update)
        return program.finish()

    def _expect_finite(self, mode: Mode, program: Program, a: Any) -> None:
        """End the step here where an array is not finite."""
        if mode.guarded and a.size:
            program.owner = "check"
            program.call(program.kernels(check).expect_finite, program.stop, a)

    def _refuse(self, program: Program, ends: Ends, b: dict[str, Any]) -> None:
        """Raises NonFiniteError that names where NaN or infinity came up in a step that stopped."""
        network, step = self.network, int(self.network.iteration[0]) + 1
        program.stop[0] = 0
        network.fixed[...] = self.fixed_before  # what the program copied first of all
        network.clear_activations()
        for name in ("losses", "saved", "masked"):
            b[name][...] = 0
        batch = [("input", "x", ends.x), ("targets", "y", b["targets"]), ("sample_weight", "weights", b["weights"])]
        found = nonfinite.first(self._named_parameters(), batch, program)
        network.fixed[...] = self.fixed_before
        raise self.non_finite(step, found)

    def swap_average(self) -> None:
        """Exchange the trained weights and their average. Raises StateError where there is none."""
        if (arena := self.moments.get("average")) is None:
            raise StateError("swap_average: expected an optimizer with use_ema=True. Compile with one.")
        if self.updates[0]:
            values, average = self.network.trained_values, np.array(arena.buffer)
            arena.buffer[...], values[...] = values, average
            self._swapped = not self._swapped

    @contextmanager
    def unswapped(self) -> Iterator[None]:
        """Within, the weights are those that are trained, and the average is the average."""
        if swapped := self._swapped:
            self.swap_average()
        try:
            yield
        finally:
            if swapped:
                self.swap_average()

    def _named_parameters(self) -> list[nonfinite.Named]:
        return [(slot.layer, slot.parameter.name, slot.value) for slot in self.network.slots]

    def expect_finite_weights(self) -> None:
        """Raises NonFiniteError where weights are NaN or infinite: the last update came to that."""
        found = nonfinite.among(self._named_parameters())
        if found is not None:
            raise self.non_finite(int(self.network.iteration[0]), found)

    def non_finite(self, step: int, found: nonfinite.Found | None) -> NonFiniteError:
        """The error for a step; found: where it began, if that can be told."""
        where = f"{found}" if found else "the loss, or a gradient, is not finite"
        before = any(found is not None and found[:2] == named[:2] for named in self._named_parameters())
        weights = "An update, or set_weights, made it so: a checkpoint has" if before else "The model has"
        rate = f"learning rate {self.optimizer.learning_rate:g}" if self.optimizer else "no optimizer"
        message = (
            f"step {step}, {rate}: {where}. {weights} the weights from before. Lower the learning rate, clip the "
            "gradients (the optimizers' global_clipnorm=1.0), or scale the data. In fit, callbacks.TerminateOnNaN "
            "with action 'stop' or 'ignore' chooses otherwise."
        )
        if found is None:
            return NonFiniteError(message, step=step)
        return NonFiniteError(message, found.owner, step, found.array, found.place, found.value)

    def _before(self, mode: Mode) -> Callable[[], None] | None:
        """What sets the learning rate of a step that updates; None where there is no schedule."""
        optimizer, updates = self.optimizer, self.updates
        if not mode.update or optimizer is None or optimizer.schedule is None:
            return None
        return lambda: optimizer.prepare(int(updates[0]))

    def _gather(self, program: Program, source: Source, ends: Ends, b: dict[str, Any]) -> None:
        program.owner = "data"
        samples, n = len(source.x), len(ends.x)
        pairs = [(source.x, ends.x), (source.mask, ends.mask), (source.y, b["targets"]), (source.weights, b["weights"])]
        for whole, batch in pairs:
            if whole is not None:
                rows = whole.reshape(samples, -1), source.order, source.first, batch.reshape(n, -1)
                program.call(program.kernels(gather).rows, *rows)

    def _penalties(self, program: Program) -> None:
        for slot in self.network.trained:
            if r := slot.parameter.regularizer:
                program.owner = slot.layer
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
        seen = np.asarray(flags)
        return not (seen[0, 0] or seen[1, 0])

    def reset(self) -> None:
        """Start adding loss and metrics up anew."""
        for total in self.totals:
            total[...] = 0

    @property
    def totals(self) -> tuple[Any, ...]:
        """The arrays in which loss and metrics add up."""
        return (self.mean_loss, *self.states)

    def results(self) -> dict[str, Any]:
        """Loss and metrics over the batches since `reset`."""
        total, count = np.array(self.mean_loss)
        loss = float(total / count) if count else math.nan
        values = {m.name: m.value(np.array(state)) for m, state in zip(self.metrics, self.states, strict=True)}
        return {"loss": loss, **values}

    def restore_weights(self) -> None:
        """Every sample counts once again, after a step with weights."""
        self._batch["weights"][...] = 1
