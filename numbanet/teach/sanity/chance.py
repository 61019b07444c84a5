"""loss_at_chance: is the loss before training what guessing gives?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import losses
from ...checks import positive
from ...data import batches
from ...errors import ArgumentError
from ...network import Network
from .finding import Finding
from .twin import samples, twin

NEAR = 2.0  # the ratio of loss and guess that first weights may make; its square where the loss is a square


@dataclass(frozen=True, repr=False)
class ChanceLoss(Finding):
    """expected: the loss of the best answer that does not look at x, which is `guess` in words. found: the model's."""

    expected: float
    found: float
    guess: str
    verdict: str
    ok: bool

    def lines(self) -> list[str]:
        return [f"loss_at_chance: expected {self.expected:.4g} ({self.guess}), found {self.found:.4g}"]

    def draw(self, axes: Any) -> None:
        axes.barh(["guessing", "this model"], [self.expected, self.found], color=["0.6", "C0" if self.ok else "C3"])
        axes.invert_yaxis()
        axes.axvline(self.expected, color="0.3", linestyle=":")
        axes.set(xlabel="loss", title=self.guess)


def loss_at_chance(model: Any, x: Any, y: Any, expected: float | None = None) -> ChanceLoss:
    """Compare the loss of a model that has not been trained with that of guessing.

    Guessing is log C for C classes, log 2 for each binary output, the variance of y for the squared error, the mean
    distance to the median for the absolute error; expected: the number for a loss of your own. A loss far above says
    that x, y or the first weights are too large, or that a loss is summed where its mean was meant. Penalties do not
    count. The model is not changed. Raises ArgumentError, StateError before compile, and what evaluate raises.

    Source: Karpathy, A recipe for training neural networks (2019), "verify loss @ init".
    """
    x, y = samples("loss_at_chance", model, x, y)
    copied = twin("loss_at_chance", model, x, bare=True)
    found = float(copied.evaluate(x, y)["loss"])
    steps = copied._ready("loss_at_chance")
    if expected is None:
        expected, guess = chance(model.loss, batches.checked("loss_at_chance", steps, x, y).y, steps.network)
    else:
        expected, guess = positive("loss_at_chance", "expected", expected), "as you say"
    ok, verdict = _judge(model, np.asarray(x), np.asarray(y), expected, found)
    return ChanceLoss(expected, found, guess, verdict, ok)


def chance(loss: Any, y: Any, network: Network) -> tuple[float, str]:
    """The loss of the best answer that is the same for all samples, or all classes, and what that is."""
    C = network.output_shape[-1]
    if isinstance(loss, losses.SparseCategoricalCrossentropy | losses.CategoricalCrossentropy):
        return math.log(C), f"log {C}, for {C} equal probabilities"
    if isinstance(loss, losses.BinaryCrossentropy):
        return math.log(2), "log 2, for a probability of 1/2"
    if isinstance(loss, losses.Hinge):
        return 1.0, "1, for an output of 0"
    t = np.asarray(y, np.float64).reshape(-1, C)
    if isinstance(loss, losses.MeanSquaredError):
        return float(t.var(axis=0).mean()), "the variance of y"
    if isinstance(loss, losses.MeanAbsoluteError):
        return float(np.abs(t - np.median(t, axis=0)).mean()), "the mean distance of y to its median"
    if isinstance(loss, losses.Huber):
        return _huber(t, loss.delta), "the loss of the best constant"
    raise ArgumentError(
        f"loss_at_chance: expected= is needed, the loss of guessing, for a loss of your own. Received: {loss!r}"
    )


def _huber(t: Any, delta: float) -> float:
    """The least mean loss of a constant for each output: where the mean of the clipped errors is 0."""
    low, high = t.min(axis=0), t.max(axis=0)
    for _ in range(60):
        middle = (low + high) / 2
        above = np.clip(middle - t, -delta, delta).mean(axis=0) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    e = np.abs(low - t)
    return float(np.where(e <= delta, e * e / 2, delta * (e - delta / 2)).mean())


def _judge(model: Any, x: Any, y: Any, expected: float, found: float) -> tuple[bool, str]:
    squared = isinstance(model.loss, losses.MeanSquaredError | losses.Huber)
    near = NEAR**2 if squared else NEAR
    times = found / expected if expected > 0 else math.inf
    if not math.isfinite(found):
        return False, "NOT FINITE: the outputs overflow before any training. Scale x, or begin with smaller weights."
    if expected == 0:
        return False, "NOTHING TO LEARN: y is the same everywhere."
    if 1 / near <= times <= near:
        return True, "as it should be: before training the model knows as much as guessing."
    if times < 1:
        if model.steps_trained:
            return True, f"below guessing: the model has learned, in {model.steps_trained} steps."
        return False, (
            f"TOO LOW: {1 / times:.3g} times below guessing without training. Is the loss divided once too often, or "
            "were the weights trained before?"
        )
    advice = f"Scale x, whose values go from {x.min():.3g} to {x.max():.3g}, or begin with smaller weights."
    mean, deviation = float(np.mean(y)), float(np.std(y))
    if squared and abs(mean) > deviation:
        advice = f"Subtract the mean of y, {mean:.3g}, or begin with it as the bias of the last layer."
    elif type(model.loss).__module__ != losses.__name__:
        advice += f" Is the loss a sum, where the mean over {len(x)} samples was meant?"
    return False, f"TOO HIGH: {times:.3g} times that of guessing. {advice}"
