"""overfit_batch: can the model learn a few samples by heart?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...checks import positive_integer
from ...data import batches
from ...errors import ArgumentError, NonFiniteError
from ...losses import BinaryCrossentropy, CategoricalCrossentropy
from .chance import chance
from .finding import Finding
from .twin import samples as checked_samples
from .twin import twin

SHARE = 0.05  # of the loss of guessing, that is left when samples are known by heart


@dataclass(frozen=True, repr=False)
class OverfitBatch(Finding):
    """losses: of the samples, before each step and after the last. goal: the loss at which they are known by heart."""

    losses: tuple[float, ...]
    goal: float
    samples: int
    verdict: str
    ok: bool

    def lines(self) -> list[str]:
        steps = len(self.losses) - 1
        first, last = self.losses[0], self.losses[-1]
        return [f"overfit_batch: {self.samples} samples, {steps} steps: loss {first:.4g} -> {last:.4g}"]

    def draw(self, axes: Any) -> None:
        axes.plot(self.losses, color="C0" if self.ok else "C3", label=f"{self.samples} samples")
        axes.axhline(self.goal, color="0.4", linestyle=":", label="by heart")
        if min(self.losses) > 0:
            axes.set_yscale("log")
        axes.set(xlabel="step", ylabel="loss")
        axes.grid(alpha=0.3)
        axes.legend()


def overfit_batch(model: Any, x: Any, y: Any, samples: int = 20, steps: int = 500) -> OverfitBatch:
    """Train a copy of the model on a few of the samples until it knows them by heart, in so many steps at most.

    It has the model's weights and its optimizer's settings, but neither dropout nor penalties. A model that cannot do
    this has a bug, or a learning rate that does not fit; one that can may still fail on other samples, for it learns
    wrong labels by heart as well. The model is not changed. Raises ArgumentError, StateError before compile, and what
    train_on_batch raises for data that do not fit.

    Source: Karpathy, A recipe for training neural networks (2019), "overfit one batch".
    """
    steps = positive_integer("overfit_batch", "steps", steps)
    count = positive_integer("overfit_batch", "samples", samples)
    x, y = checked_samples("overfit_batch", model, x, y)
    copied = twin("overfit_batch", model, x, bare=True)
    rows = np.sort(np.random.default_rng(model.seed).permutation(len(x))[:count])
    x, y = x[rows], y[rows]
    ready = copied._ready("overfit_batch")
    targets = batches.checked("overfit_batch", ready, x, y).y
    found = [copied.loss_value(x, y, training=True)]
    goal, ended = _goal(model.loss, targets, ready.network, found[0]), ""
    for _ in range(steps * (model.optimizer.gradient_accumulation_steps or 1)):
        if found[-1] <= goal:
            break
        try:
            copied.train_on_batch(x, y)
            found.append(copied.loss_value(x, y, training=True))
        except NonFiniteError as error:
            ended = f"DIVERGES: {error}"
            break
    ok = found[-1] <= goal
    verdict = (
        "learned by heart, as it should be." if ok else ended or _why(np.asarray(x), np.asarray(targets), found, goal)
    )
    return OverfitBatch(tuple(found), goal, len(rows), verdict, ok)


def _goal(loss: Any, targets: Any, network: Any, first: float) -> float:
    """What is left of the loss: a small share of guessing's, above the least that these targets allow."""
    least = _least(loss, np.asarray(targets, np.float64))
    try:
        guessing = chance(loss, targets, network)[0]
    except ArgumentError:  # a loss of the user's own
        guessing = first
    return least + SHARE * ((guessing if guessing > least else first) - least)


def _least(loss: Any, t: Any) -> float:
    """The least loss that any outputs have: the entropy of targets that are not 0 or 1."""
    if not isinstance(loss, BinaryCrossentropy | CategoricalCrossentropy):
        return 0.0
    binary, s = isinstance(loss, BinaryCrossentropy), loss.label_smoothing
    t = t * (1 - s) + s / (2 if binary else t.shape[-1])
    each = _entropy(t) + _entropy(1 - t) if binary else _entropy(t).sum(axis=-1)
    return float(each.mean())


def _entropy(p: Any) -> Any:
    return -p * np.log(np.where(p > 0, p, 1.0))


def _why(x: Any, y: Any, found: list[float], goal: float) -> str:
    """What kept a model from learning samples by heart."""
    rows = x.reshape(len(x), -1)
    clash = [(i, j) for i in range(len(x)) for j in range(i) if (rows[i] == rows[j]).all() and (y[i] != y[j]).any()]
    steps, middle = len(found) - 1, found[len(found) // 2]
    if clash:
        return f"CANNOT: {len(clash)} pairs of these samples have the same x and another y."
    if found[-1] > found[0]:
        return f"DIVERGES: the loss is higher after {steps} steps. Lower the learning rate: see learning_rate_range."
    if found[-1] > 0.95 * found[0]:
        return (
            "DOES NOT LEARN: the loss hardly moves. Look at dead_units and update_ratios, at the activation of the "
            "last layer, which the loss must fit, and at learning_rate_range."
        )
    if middle - found[-1] > min(0.1 * (found[-1] - goal), 0.25 * (found[0] - middle)):
        return f"NOT YET: the loss still falls after {steps} steps. Take more, or see learning_rate_range."
    return "STUCK: the loss stays above. Is the model too small, or is x alike where y differs? See dead_units."
