"""learning_rate_range: which learning rates train this model?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...checks import fail, positive, positive_integer
from ...errors import NonFiniteError
from .finding import Finding
from .twin import batches, copy_of, samples, twin

SMOOTHING = 0.9  # of the losses: the weight of those before, a mean over about ten batches
DIVERGED = 4.0  # times the least loss, where the test ends


@dataclass(frozen=True, repr=False)
class RangeTest(Finding):
    """rates, losses: of each step, as far as the test went. smooth: the losses, averaged over about ten steps.

    suggestion: a rate to train with, or None. limit: the rate from which the loss rises, or None where it never does.
    """

    rates: Any
    losses: Any
    smooth: Any
    suggestion: float | None
    limit: float | None
    verdict: str
    ok: bool

    def lines(self) -> list[str]:
        span = f"{self.rates[0]:.1e} to {self.rates[-1]:.1e}"
        return [f"learning_rate_range: {len(self.rates)} steps, rates {span}, least loss {self.smooth.min():.4g}"]

    def draw(self, axes: Any) -> None:
        axes.plot(self.rates, self.losses, color="0.75", lw=0.8, label="batch")
        axes.plot(self.rates, self.smooth, color="C0", label="smoothed")
        for rate, color, name in ((self.suggestion, "C2", "suggestion"), (self.limit, "C3", "limit")):
            if rate is not None:
                axes.axvline(rate, color=color, linestyle="--", label=f"{name} {rate:.1e}")
        top = max(2 * self.smooth[0], 1.1 * self.smooth.min())
        axes.set(xlabel="learning rate", ylabel="loss", xscale="log", ylim=(0.9 * min(0.0, self.losses.min()), top))
        axes.grid(alpha=0.3)
        axes.legend()


def learning_rate_range(
    model: Any, x: Any, y: Any, low: float = 1e-6, high: float = 10.0, steps: int = 150, batch_size: int | None = None
) -> RangeTest:
    """Train a copy of the model with a learning rate that grows from low to high, step by step, by the same factor.

    The suggestion is a tenth of the rate that has the least smoothed loss, from which on the loss rises. It has the
    model's weights and the other settings of its optimizer, which begins anew, without its schedule. It ends early
    where the loss is 4 times the least. batch_size: None is 32. The model is not changed. Raises ArgumentError,
    StateError before compile, and what train_on_batch raises for data that do not fit.

    Source: Smith, Cyclical learning rates for training neural networks, WACV 2017, section 3.3.
    """
    low, high = positive("learning_rate_range", "low", low), positive("learning_rate_range", "high", high)
    if high <= low:
        fail("learning_rate_range", "high", f"above low, {low:g}", high)
    steps = positive_integer("learning_rate_range", "steps", steps)
    if steps < 10:
        fail("learning_rate_range", "steps", "10 or more", steps)
    x, y = samples("learning_rate_range", model, x, y)
    start = getattr(model, "optimizer", None)
    optimizer = copy_of(start, learning_rate=low, gradient_accumulation_steps=None) if start is not None else None
    copied = twin("learning_rate_range", model, x, optimizer=optimizer)
    found: list[float] = []
    smooth: list[float] = []
    total = 0.0
    rates = np.geomspace(low, high, steps)
    stream = batches("learning_rate_range", copied, x, y, batch_size)
    for k, (rate, batch) in enumerate(zip(rates, stream, strict=False)):
        copied.optimizer.learning_rate = rate  # type: ignore[union-attr]
        try:
            loss = copied.train_on_batch(*batch)
        except NonFiniteError:
            if k == 0:
                raise  # which no learning rate made
            break
        total = SMOOTHING * total + (1 - SMOOTHING) * loss
        found.append(loss)
        smooth.append(total / (1 - SMOOTHING ** (k + 1)))
        if smooth[-1] > DIVERGED * min(smooth) and k >= 10:
            break
    return _result(rates[: len(found)], np.array(found), np.array(smooth), high, start)


def _result(rates: Any, found: Any, smooth: Any, high: float, optimizer: Any) -> RangeTest:
    best = int(np.argmin(smooth))
    if smooth[best] > 0.9 * smooth[: max(3, len(smooth) // 10)].max():
        verdict = "NO RATE LEARNS: the loss falls at none of them. See overfit_batch and dead_units."
        return RangeTest(rates, found, smooth, None, None, verdict, False)
    limit = float(rates[best]) if smooth[-1] > 1.1 * smooth[best] or rates[-1] < high else None
    suggestion = float(f"{rates[best] / 10:.1e}")
    end = f"from {limit:.1e} on it rises" if limit else f"it never rises up to {high:.1e}"
    verdict = f"try learning_rate={suggestion:g}: there the loss falls; {end}."
    if optimizer.schedule is not None:
        return RangeTest(rates, found, smooth, suggestion, limit, f"{verdict} The model has a schedule.", True)
    rate = optimizer.learning_rate
    if limit and rate > limit:
        return RangeTest(rates, found, smooth, suggestion, limit, f"{verdict} The model's {rate:g} is TOO HIGH.", False)
    slow = rate < suggestion / 50
    own = f"The model's {rate:g} is {'TOO LOW' if slow else 'in the range'}."
    return RangeTest(rates, found, smooth, suggestion, limit, f"{verdict} {own}", not slow)
