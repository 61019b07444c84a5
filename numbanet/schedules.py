"""Schedules: the learning rate as a function of the number of steps done, for `learning_rate=` of any optimizer.

A step is one update of the weights, counted from 0; an epoch has ceil(samples / batch_size) of them. A schedule keeps
no state, so that training which is resumed has the very rates that it would have had. Names and arguments are Keras's
where Keras has the schedule. In the equations, t is the step.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .checks import boolean, choice, fail, fraction, non_negative, non_negative_integer, positive, positive_integer
from .config import resolve


class Schedule:
    """The base of all schedules. A subclass defines `__call__`, which depends on the step alone.

    The subclasses here are frozen dataclasses, and so may yours be: equality, repr and get_config follow.
    """

    def __call__(self, step: int) -> float:
        """The learning rate, 0 or more, of the update that follows `step` others."""
        raise TypeError(f"{type(self).__name__} must define __call__(step)")

    def get_config(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"

    def _check(self, **checks: Callable[[str, str, Any], Any]) -> None:
        """Put every named field through its check."""
        for name, check in checks.items():
            object.__setattr__(self, name, check(type(self).__name__, name, getattr(self, name)))


@dataclass(frozen=True)
class Constant(Schedule):
    """rate = learning_rate."""

    learning_rate: float

    def __post_init__(self) -> None:
        self._check(learning_rate=positive)

    def __call__(self, step: int) -> float:
        return self.learning_rate


@dataclass(frozen=True)
class PiecewiseConstantDecay(Schedule):
    """rate = values[k], where k is how many boundaries are below t.

    boundaries: increasing steps; the step of a boundary itself still has the rate before it, as in Keras (PyTorch's
    MultiStepLR changes one step earlier). values: one more than boundaries. Krizhevsky et al. 2012, section 5.
    """

    boundaries: tuple[int, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        self._check(boundaries=_each(non_negative_integer), values=_each(non_negative))
        if any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            fail("PiecewiseConstantDecay", "boundaries", "increasing", self.boundaries)
        if len(self.values) != len(self.boundaries) + 1:
            many = f"{len(self.boundaries) + 1} numbers, one more than boundaries"
            fail("PiecewiseConstantDecay", "values", many, self.values)

    def __call__(self, step: int) -> float:
        return self.values[bisect_left(self.boundaries, step)]


@dataclass(frozen=True)
class StepDecay(Schedule):
    """rate = initial_learning_rate decay_rate^floor(t / decay_steps).

    PyTorch's StepLR, and Keras's ExponentialDecay with staircase=True. He et al. 2016, section 3.4.
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float = 0.1

    def __post_init__(self) -> None:
        self._check(initial_learning_rate=positive, decay_steps=positive_integer, decay_rate=positive)

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate * self.decay_rate ** (step // self.decay_steps)


@dataclass(frozen=True)
class _Decay(Schedule):
    """What decays at a rate, for each decay_steps."""

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False

    def __post_init__(self) -> None:
        self._check(initial_learning_rate=positive, decay_steps=positive_integer)
        self._check(decay_rate=positive, staircase=boolean)


@dataclass(frozen=True)
class ExponentialDecay(_Decay):
    """rate = initial_learning_rate decay_rate^(t / decay_steps); staircase: t / decay_steps is rounded down.

    Senior et al. 2013, section 2.
    """

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate * math.pow(self.decay_rate, _periods(step, self.decay_steps, self.staircase))


@dataclass(frozen=True)
class InverseTimeDecay(_Decay):
    """rate = initial_learning_rate / (1 + decay_rate t / decay_steps); staircase: t / decay_steps is rounded down.

    Robbins and Monro 1951; Bottou 2012, section 5.2.
    """

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate / (1 + self.decay_rate * _periods(step, self.decay_steps, self.staircase))


@dataclass(frozen=True)
class PolynomialDecay(Schedule):
    """rate = (initial_learning_rate - end_learning_rate) (1 - t / D)^power + end_learning_rate.

    D = decay_steps; from there on the rate is end_learning_rate. cycle: D is the first multiple of decay_steps that is
    t or more, so that the rate jumps up after each. An end above the beginning, with power=1, is PyTorch's LinearLR.
    Chen et al. 2018 (DeepLab), section 4.1.
    """

    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False

    def __post_init__(self) -> None:
        self._check(initial_learning_rate=non_negative, decay_steps=positive_integer)
        self._check(end_learning_rate=non_negative, power=positive, cycle=boolean)

    def __call__(self, step: int) -> float:
        cycles = max(1, -(-step // self.decay_steps)) if self.cycle else 1
        share = math.pow(1 - min(step / (cycles * self.decay_steps), 1.0), self.power)
        return (self.initial_learning_rate - self.end_learning_rate) * share + self.end_learning_rate


@dataclass(frozen=True)
class CosineDecay(Schedule):
    """rate = top ((1 - alpha) (1 + cos(pi u)) / 2 + alpha), u = t / decay_steps up to 1 and then 1.

    top is initial_learning_rate. With a warm-up the rate first goes in a line from initial_learning_rate, which may be
    0, to warmup_target, in warmup_steps; top is then warmup_target, and t counts from the end of the warm-up.
    Loshchilov and Hutter 2017, equation 5; warm-up: Goyal et al. 2017, section 2.2.
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __post_init__(self) -> None:
        self._check(decay_steps=positive_integer, alpha=fraction)
        if self.warmup_target is None:
            self._check(initial_learning_rate=positive, warmup_steps=non_negative_integer)
            if self.warmup_steps:
                fail("CosineDecay", "warmup_target", "given with warmup_steps", None)
        else:
            self._check(initial_learning_rate=non_negative, warmup_target=positive, warmup_steps=positive_integer)

    def __call__(self, step: int) -> float:
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return (self.warmup_target - top) * (step / self.warmup_steps) + top
            step, top = step - self.warmup_steps, self.warmup_target
        return top * ((1 - self.alpha) * _cosine(min(step / self.decay_steps, 1.0)) + self.alpha)


@dataclass(frozen=True)
class CosineDecayRestarts(Schedule):
    """rate = initial_learning_rate ((1 - alpha) m_mul^i (1 + cos(pi u)) / 2 + alpha).

    u goes from 0 to 1 over a period, of first_decay_steps t_mul^i steps for the i-th, counted from 0.
    Loshchilov and Hutter 2017 (SGDR), equation 5.
    """

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0

    def __post_init__(self) -> None:
        self._check(initial_learning_rate=positive, first_decay_steps=positive_integer)
        self._check(t_mul=positive, m_mul=positive, alpha=fraction)
        if self.t_mul < 1:
            fail("CosineDecayRestarts", "t_mul", "1 or more", self.t_mul)

    def __call__(self, step: int) -> float:
        i, share = self._period(step)
        return self.initial_learning_rate * ((1 - self.alpha) * self.m_mul**i * _cosine(share) + self.alpha)

    def _period(self, step: int) -> tuple[int, float]:
        """Which period the step is in, and the share of it that is over."""
        first, ratio = self.first_decay_steps, self.t_mul
        if ratio == 1:
            return step // first, step % first / first
        # a share of a period is forgiven: rounding, of t_mul=1.1 too, must not make a restart come a step late
        i = int(math.log1p(step / first * (ratio - 1)) / math.log(ratio) + 1e-9)
        start = first * ((ratio**i - 1) / (ratio - 1))
        return i, max((step - start) / (first * ratio**i), 0.0)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """The rate goes up from max_lr / div_factor to max_lr and then down to max_lr / div_factor / final_div_factor.

    The way up ends at step pct_start total_steps - 1, and the last rate is that of step total_steps - 1, and stays.
    three_phase: first down to max_lr / div_factor, in as many steps as up, and from there to the end.
    anneal_strategy: "cos", a half cosine, or "linear". This is the learning rate of PyTorch's OneCycleLR, with its
    arguments; the momentum stays as it is. Smith and Topin 2018.
    """

    max_lr: float
    total_steps: int
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    anneal_strategy: str = "cos"
    three_phase: bool = False

    def __post_init__(self) -> None:
        self._check(max_lr=positive, total_steps=positive_integer, pct_start=fraction)
        self._check(div_factor=positive, final_div_factor=positive, three_phase=boolean)
        choice("OneCycle", "anneal_strategy", self.anneal_strategy, ("cos", "linear"))
        if self.three_phase and self.pct_start > 0.5:
            fail("OneCycle", "pct_start", "0.5 or less with three_phase=True", self.pct_start)

    def __call__(self, step: int) -> float:
        low, last, up = self.max_lr / self.div_factor, self.total_steps - 1, self.pct_start * self.total_steps - 1
        phases = [(up, low, self.max_lr), (last, self.max_lr, low / self.final_div_factor)]
        if self.three_phase:
            phases[1:] = [(2 * up, self.max_lr, low), (last, low, low / self.final_div_factor)]
        step = min(step, last)
        k = next(k for k, (end, _, _) in enumerate(phases) if step <= end)
        start = phases[k - 1][0] if k else 0.0
        end, begin, goal = phases[k]
        share = (step - start) / (end - start) if end > start else 1.0
        if self.anneal_strategy == "linear":
            return (goal - begin) * share + begin
        return goal + (begin - goal) * _cosine(share)


def _each(check: Callable[[str, str, Any], Any]) -> Callable[[str, str, Any], tuple[Any, ...]]:
    """The check of every element of a list, which becomes a tuple."""

    def check_all(owner: str, argument: str, values: Any) -> tuple[Any, ...]:
        if isinstance(values, str) or not isinstance(values, Iterable):
            fail(owner, argument, "a list of numbers", values)
        return tuple(check(owner, f"{argument}[{k}]", value) for k, value in enumerate(values))

    return check_all


def _periods(step: int, length: int, staircase: bool) -> float:
    """The periods of that length that are over; staircase: whole ones."""
    return step // length if staircase else step / length


def _cosine(share: float) -> float:
    """Half a cosine: from 1 at share 0 to 0 at share 1."""
    return (1 + math.cos(math.pi * share)) / 2


def get(owner: str, argument: str, schedule: Any) -> Schedule:
    """The schedule given, or the one meant by {"class_name": ..., "config": ...}."""
    found: Schedule = resolve(owner, argument, schedule, Schedule, {})
    return found
