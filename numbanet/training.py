"""The loops that drive a model's steps over data."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import random
from .callbacks import Callback, History
from .checks import fail
from .progress import Progress
from .steps import EVALUATE, FIT, PREDICT, Source, Step, Steps


@dataclass(frozen=True)
class Data:
    """Checked samples, targets, sample weights (None: all one), and which steps of sequences count (None: all)."""

    x: Any
    y: Any
    weights: Any | None = None
    mask: Any | None = None

    def rows(self, chosen: Any) -> Data:
        """Those rows of everything, copied."""
        weights, mask = (None if a is None else a[chosen] for a in (self.weights, self.mask))
        return Data(self.x[chosen], self.y[chosen], weights, mask)

    def weighted(self, factors: Any | None) -> Data:
        """The same, each sample's weight times its factor."""
        if factors is None:
            return self
        factors = factors.astype(self.x.dtype)[:, None]
        return replace(self, weights=factors if self.weights is None else self.weights * factors)


@dataclass(frozen=True)
class Plan:
    """How fit goes over the data."""

    batch_size: int
    epochs: int
    shuffle: bool
    verbose: int | str
    seed: int
    first_order: int  # epochs trained before, so that another fit shuffles anew


def check_watchers(verbose: Any, callbacks: Any) -> None:
    """Raises ArgumentError for what cannot show or watch a training."""
    if verbose not in (0, 1, 2, "auto") or isinstance(verbose, bool):
        fail("fit", "verbose", "0, 1, 2 or 'auto'", verbose)
    if not isinstance(callbacks, Sequence | None) or any(not isinstance(c, Callback) for c in callbacks or ()):
        fail("fit", "callbacks", "a list of numbanet.callbacks.Callback", callbacks)


def fit(
    model: Any, steps: Steps, data: Data, validation: Data | None, plan: Plan, others: Sequence[Callback]
) -> History:
    """Train on `data`; `model` is what callbacks see."""
    model.history = history = History()
    callbacks = [*others, history]  # which keeps what the others add to logs
    per_batch = [c for c in callbacks if _watches_batches(c)]
    samples = len(data.x)
    progress = Progress(plan.verbose, plan.epochs, samples)
    if validation:  # what does not fit is refused before anything is trained
        for n in _sizes(len(validation.x), plan.batch_size):
            steps.step(replace(EVALUATE, lengths=validation.mask is not None), n)
    source, mode = Source(data.x, data.y, data.weights, data.mask), replace(FIT, lengths=data.mask is not None)
    recorded = {n: steps.record(mode, n, source) for n in sorted(_sizes(samples, plan.batch_size), reverse=True)}
    names = ["loss", *(metric.name for metric in steps.metrics)]
    names += [f"val_{name}" for name in names] if validation else []
    count = math.ceil(samples / plan.batch_size)
    params = {"epochs": plan.epochs, "steps": count, "verbose": plan.verbose, "metrics": names}
    logs: dict[str, Any] = {}
    begun: list[Callback] = []
    try:
        for callback in callbacks:
            callback.set_model(model)
            callback.set_params(params)
            callback.on_train_begin()
            begun.append(callback)
        for epoch in range(plan.epochs):
            for callback in callbacks:
                callback.on_epoch_begin(epoch)
            progress.begin(epoch)
            order = np.arange(samples)
            if plan.shuffle:
                order = random.permutation(samples, plan.seed, random.SHUFFLE, plan.first_order + epoch)
            _epoch(steps, recorded, order, plan.batch_size, progress, per_batch)
            logs = steps.results()
            if validation:
                kept = np.array(steps.network.fixed)  # the states of stateful layers go on from the training data
                found = evaluate(steps, validation, plan.batch_size)
                steps.network.fixed[...] = kept
                logs |= {f"val_{name}": value for name, value in found.items()}
            progress.end(logs)
            _warn_of_divergence(epoch, logs["loss"], history)
            model.epochs_trained += 1
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
    finally:
        progress.close()
        with ExitStack() as ends:  # each of them, also where one before it fails
            for callback in reversed(begun):
                ends.callback(callback.on_train_end, logs)
    return history


def _warn_of_divergence(epoch: int, loss: float, history: History) -> None:
    """Say it once, after the first epoch whose loss is not finite."""
    if not math.isfinite(loss) and all(map(math.isfinite, history.history.get("loss", [])[-1:])):
        warnings.warn(
            f"fit: the loss is {loss} after epoch {epoch + 1}. Lower the learning rate, or clip the gradients "
            "(the optimizers' global_clipnorm=1.0).",
            RuntimeWarning,
            stacklevel=4,
        )


def _sizes(samples: int, batch_size: int) -> set[int]:
    """The batch sizes that occur: whole batches, and a short last one."""
    return {min(samples, batch_size)} | ({samples % batch_size} - {0} if samples > batch_size else set())


def _watches_batches(callback: Callback) -> bool:
    hooks = ("on_train_batch_begin", "on_train_batch_end")
    return any(getattr(type(callback), hook) is not getattr(Callback, hook) for hook in hooks)


def _epoch(
    steps: Steps, recorded: dict[int, Step], order: Any, batch_size: int, progress: Progress, watching: list[Callback]
) -> None:
    """One pass over the data in that order."""
    steps.reset()
    for batch, start in enumerate(range(0, len(order), batch_size)):
        chosen = order[start : start + batch_size]
        step = recorded[len(chosen)]
        for callback in watching:
            callback.on_train_batch_begin(batch)
        step.indices[...] = chosen
        step.run()
        if watching:
            logs = steps.results()
            for callback in watching:
                callback.on_train_batch_end(batch, logs)
        if progress.due:
            progress.update(start + len(chosen), steps.results())


def evaluate(steps: Steps, data: Data, batch_size: int) -> dict[str, Any]:
    """Loss and metrics over `data`, without training; those of an epoch that a callback stands in are kept."""
    states = (steps.mean_loss, *steps.states)
    before = [np.array(state) for state in states]
    try:
        steps.reset()
        for start in range(0, len(data.x), batch_size):
            x = data.x[start : start + batch_size]
            step = steps.step(replace(EVALUATE, lengths=data.mask is not None), len(x))
            step.x[...] = x
            if data.mask is not None:
                step.mask[...] = data.mask[start : start + batch_size]
            step.targets[...] = data.y[start : start + batch_size]
            step.weights[...] = 1 if data.weights is None else data.weights[start : start + batch_size].reshape(-1)
            step.run()
        return steps.results()
    finally:
        steps.restore_weights()
        for state, kept in zip(states, before, strict=True):
            state[...] = kept


def predict(steps: Steps, x: Any, batch_size: int, mask: Any | None = None) -> Any:
    """The model's output for x, as a new array; mask: which steps of sequences count."""
    result = np.empty((len(x), *steps.network.output_shape), steps.network.dtype)
    mode = PREDICT if mask is None else replace(PREDICT, lengths=True)
    for start in range(0, len(x), batch_size):
        part = x[start : start + batch_size]
        step = steps.step(mode, len(part))
        step.x[...] = part
        if mask is not None:
            step.mask[...] = mask[start : start + len(part)]
        step.run()
        result[start : start + len(part)] = step.y
    return result
