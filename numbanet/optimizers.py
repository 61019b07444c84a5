"""Optimizers: one kernel call over the flat buffer of all parameters.

Order of a step, as in Keras: mean of accumulated gradients, clip, decay the weights, update, average. `weight_decay`
is decoupled in every optimizer (w -= learning_rate * weight_decay * w, Loshchilov and Hutter 2019), not an l2 term in
the gradient. Equations and sources are in the kernels' contracts.
"""

from __future__ import annotations

import inspect
import math
import numbers
from typing import Any

import numpy as np

from . import schedules
from .checks import boolean, fail, fraction, non_negative, positive, positive_integer
from .config import plain, resolve
from .errors import ArgumentError
from .kernels import accumulation, adagrad, adam, clip, counter, lion, moving_average, rmsprop, sgd, weight_decay
from .program import Program
from .schedules import Schedule

COMMON = (
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "weight_decay",
    "gradient_accumulation_steps",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
)
PIECE = 16384  # elements of a gradient whose squares one task sums


class Optimizer:
    """The base of all optimizers. A subclass defines `moments` and `update`.

    learning_rate: the step size, a number that can be set at any time, also while training; or a schedule, which
        gives that of each update by the number of updates done since compile.
    clipnorm: scale each parameter's gradient so that its norm is at most this.
    global_clipnorm: scale all gradients together so that their common norm is at most this.
    clipvalue: cut each element of the gradients to [-clipvalue, clipvalue]. At most one of the three.
    weight_decay: decoupled decay of all parameters, per step and unit of learning rate.
    gradient_accumulation_steps: update once in so many batches, 2 or more, with the mean of their gradients. Schedules
        count updates.
    use_ema: keep an exponential moving average of the trained weights, which becomes the weights when fit ends;
        `callbacks.SwapEMAWeights` validates with it. ema_momentum: of the average. ema_overwrite_frequency: also take
        it after every so many updates.
    """

    def __init__(
        self,
        learning_rate: float | Schedule = 0.001,
        clipnorm: float | None = None,
        global_clipnorm: float | None = None,
        clipvalue: float | None = None,
        weight_decay: float | None = None,
        gradient_accumulation_steps: int | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        **unknown: Any,
    ) -> None:
        owner = type(self).__name__
        if unknown:
            known = [p.name for p in inspect.signature(type(self)).parameters.values() if p.kind is not p.VAR_KEYWORD]
            known += [name for name in COMMON if name not in known]
            raise ArgumentError(f"{owner}: arguments are {', '.join(known)}. Received: {', '.join(unknown)}")
        self._rate = np.zeros(1)
        self._schedule: Schedule | None = None
        if isinstance(learning_rate, Schedule | dict):
            self._schedule = schedules.get(owner, "learning_rate", learning_rate)
            self.prepare(0)
        elif isinstance(learning_rate, numbers.Real):
            self.learning_rate = learning_rate
        else:
            fail(owner, "learning_rate", "a positive number or an object of numbanet.schedules", learning_rate)
        limits = {"clipnorm": clipnorm, "global_clipnorm": global_clipnorm, "clipvalue": clipvalue}
        given = {name: positive(owner, name, limit) for name, limit in limits.items() if limit is not None}
        if len(given) > 1:
            raise ArgumentError(f"{owner}: at most one of clipnorm, global_clipnorm, clipvalue. Received: {given}")
        self.clipnorm = given.get("clipnorm")
        self.global_clipnorm = given.get("global_clipnorm")
        self.clipvalue = given.get("clipvalue")
        self.weight_decay = None if weight_decay is None else non_negative(owner, "weight_decay", weight_decay)
        self.gradient_accumulation_steps = _count(owner, "gradient_accumulation_steps", gradient_accumulation_steps, 2)
        self.use_ema = boolean(owner, "use_ema", use_ema)
        self.ema_momentum = fraction(owner, "ema_momentum", ema_momentum)
        self.ema_overwrite_frequency = _count(owner, "ema_overwrite_frequency", ema_overwrite_frequency, 1)
        if self.ema_overwrite_frequency and not use_ema:
            fail(owner, "ema_overwrite_frequency", "None without use_ema=True", ema_overwrite_frequency)

    def seal(self) -> None:
        """Called by compile: what is recorded in steps can no longer change, but for the learning rate."""
        object.__setattr__(self, "_sealed", True)

    def __setattr__(self, name: str, value: Any) -> None:
        if getattr(self, "_sealed", False) and name != "learning_rate":
            raise ArgumentError(
                f"{type(self).__name__}: {name} cannot change once the model is compiled. "
                "Compile again with a new optimizer; learning_rate can be set at any time."
            )
        object.__setattr__(self, name, value)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _rate=np.array(state["_rate"]))  # a pickle's arrays may be read-only

    @property
    def moments(self) -> tuple[str, ...]:
        """The names of the arrays of the parameters' size that it keeps from step to step."""
        return ()

    @property
    def initial_moment(self) -> float:
        """What those arrays begin with."""
        return 0.0

    @property
    def arrays(self) -> dict[str, float]:
        """All arrays of the parameters' size that it keeps from step to step, and what they begin with."""
        average = {"average": 0.0} if self.use_ema else {}
        total = {"total": 0.0} if self.gradient_accumulation_steps else {}
        return dict.fromkeys(self.moments, self.initial_moment) | average | total

    @property
    def learning_rate(self) -> float:
        """The step size of the next step; with a schedule that of the last step, or of the first before any.

        Setting it raises ArgumentError where a schedule gives it.
        """
        return float(self._rate[0])

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        owner = type(self).__name__
        if self._schedule is not None:
            raise ArgumentError(
                f"{owner}: learning_rate comes from {self._schedule!r} at every step and cannot be set. "
                "Compile with an optimizer whose learning_rate is a number to set it by hand."
            )
        self._rate[0] = positive(owner, "learning_rate", value)

    @property
    def schedule(self) -> Schedule | None:
        """What gives the learning rate of each step; None where it is a number."""
        return self._schedule

    def prepare(self, iteration: int) -> None:
        """Take the learning rate of the step that follows `iteration` others from the schedule, if there is one."""
        if self._schedule is None:
            return
        rate = self._schedule(iteration)
        if not isinstance(rate, numbers.Real) or not 0 <= rate < math.inf:
            expected = f"a number of 0 or more at step {iteration} of {self._schedule!r}"
            fail(type(self).__name__, "learning_rate", expected, rate)
        self._rate[0] = rate

    def record(self, program: Program, g: Any, w: Any, segments: Any, arrays: dict[str, Any], iteration: Any) -> None:
        """Write the calls of one update over the flat gradient g and parameters w.

        segments: the gradient of each parameter, as flat views of g. arrays: those of `arrays`. iteration: the number
        of updates done.
        """
        if self.gradient_accumulation_steps:
            mean = program.kernels(accumulation).mean
            program.call(mean, self.gradient_accumulation_steps, arrays["total"], g)
        self._clip(program, g, segments)
        if self.weight_decay:
            program.call(program.kernels(weight_decay).apply, program.device.follow(self._rate), self.weight_decay, w)
        self.update(program, g, w, arrays, iteration)
        program.call(program.kernels(counter).advance, 1, iteration)
        if self.use_ema:
            loops = program.kernels(moving_average)
            program.call(loops.follow, self.ema_momentum, iteration, w, arrays["average"])
            if self.ema_overwrite_frequency:
                program.call(loops.overwrite, self.ema_overwrite_frequency, iteration, arrays["average"], w)

    def record_accumulation(self, program: Program, g: Any, arrays: dict[str, Any]) -> None:
        """Write the calls of a batch whose gradient waits for those of others."""
        program.call(program.kernels(accumulation).add, self.gradient_accumulation_steps, g, arrays["total"])

    def _clip(self, program: Program, g: Any, segments: Any) -> None:
        loops = program.kernels(clip)
        if self.clipvalue is not None:
            program.call(loops.by_value, self.clipvalue, g)
        limit = self.clipnorm or self.global_clipnorm
        if limit is not None:
            for part in segments if self.clipnorm else [g]:
                partial = program.device.zeros((-(-part.size // PIECE),), np.float64)
                program.call(loops.square_sums, part, partial)
                program.call(loops.scale, partial, limit, part)

    def update(self, program: Program, g: Any, w: Any, moments: dict[str, Any], iteration: Any) -> None:
        """Write the call that changes w."""
        raise TypeError(f"{type(self).__name__} must define update(program, g, w, moments, iteration)")

    def get_config(self) -> dict[str, Any]:
        config = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {"learning_rate": plain(self._schedule) if self._schedule else self.learning_rate} | config

    def __repr__(self) -> str:
        config = self.get_config() | {"learning_rate": self._schedule or self.learning_rate}
        unused = () if self.use_ema else ("use_ema", "ema_momentum")
        given = {name: value for name, value in config.items() if value is not None and name not in unused}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in given.items())})"


class SGD(Optimizer):
    """Gradient descent: Robbins and Monro 1951; momentum, Polyak 1964; nesterov, Sutskever et al. 2013.

    Batch, mini-batch and stochastic descent are fit's batch_size: all samples, some, and 1.
    common: those of Optimizer, for clipping, weight_decay, gradient_accumulation_steps and use_ema.
    """

    def __init__(
        self, learning_rate: float | Schedule = 0.01, momentum: float = 0.0, nesterov: bool = False, **common: Any
    ) -> None:
        super().__init__(learning_rate, **common)
        self.momentum = fraction("SGD", "momentum", momentum)
        self.nesterov = boolean("SGD", "nesterov", nesterov)
        if nesterov and not momentum:
            fail("SGD", "momentum", "above 0 with nesterov=True", momentum)

    @property
    def moments(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def update(self, program: Program, g: Any, w: Any, moments: dict[str, Any], iteration: Any) -> None:
        loops = program.kernels(sgd)
        if not self.momentum:
            program.call(loops.update, g, program.device.follow(self._rate), w)
        else:
            update = loops.update_nesterov if self.nesterov else loops.update_momentum
            program.call(update, g, program.device.follow(self._rate), self.momentum, moments["velocity"], w)


class Adagrad(Optimizer):
    """Steps divided by the root of all squared gradients so far: Duchi, Hazan and Singer 2011.

    common: those of Optimizer, for clipping, weight_decay, gradient_accumulation_steps and use_ema.
    """

    def __init__(
        self,
        learning_rate: float | Schedule = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = non_negative("Adagrad", "initial_accumulator_value", initial_accumulator_value)
        self.epsilon = positive("Adagrad", "epsilon", epsilon)

    @property
    def moments(self) -> tuple[str, ...]:
        return ("accumulator",)

    @property
    def initial_moment(self) -> float:
        return self.initial_accumulator_value

    def update(self, program: Program, g: Any, w: Any, moments: dict[str, Any], iteration: Any) -> None:
        update = program.kernels(adagrad).update
        program.call(update, g, program.device.follow(self._rate), self.epsilon, moments["accumulator"], w)


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of squared gradients: Tieleman and Hinton 2012, lecture 6.5.

    centered: divide by the standard deviation instead (Graves 2013). Epsilon stands outside the root, as in PyTorch.
    common: those of Optimizer, for clipping, weight_decay, gradient_accumulation_steps and use_ema.
    """

    def __init__(
        self,
        learning_rate: float | Schedule = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = fraction("RMSprop", "rho", rho)
        self.momentum = fraction("RMSprop", "momentum", momentum)
        self.epsilon = positive("RMSprop", "epsilon", epsilon)
        self.centered = boolean("RMSprop", "centered", centered)

    @property
    def moments(self) -> tuple[str, ...]:
        return ("square", *(["mean"] if self.centered else []), *(["velocity"] if self.momentum else []))

    def update(self, program: Program, g: Any, w: Any, moments: dict[str, Any], iteration: Any) -> None:
        loops = program.kernels(rmsprop)
        numbers, arrays = (program.device.follow(self._rate), self.rho, self.epsilon), [moments["square"]]
        if self.centered:
            arrays.append(moments["mean"])
        if self.momentum:
            update = loops.update_centered_momentum if self.centered else loops.update_momentum
            program.call(update, g, *numbers, self.momentum, *arrays, moments["velocity"], w)
        else:
            update = loops.update_centered if self.centered else loops.update
            program.call(update, g, *numbers, *arrays, w)


class Adam(Optimizer):
    """Running means of gradient and square, corrected for their start: Kingma and Ba 2015, Algorithm 1.

    amsgrad: divide by the largest mean square so far (Reddi et al. 2018).
    common: those of Optimizer, for clipping, weight_decay, gradient_accumulation_steps and use_ema.
    """

    def __init__(
        self,
        learning_rate: float | Schedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        owner = type(self).__name__
        self.beta_1 = fraction(owner, "beta_1", beta_1)
        self.beta_2 = fraction(owner, "beta_2", beta_2)
        self.epsilon = positive(owner, "epsilon", epsilon)
        self.amsgrad = boolean(owner, "amsgrad", amsgrad)

    @property
    def moments(self) -> tuple[str, ...]:
        return ("mean", "square", *(["highest"] if self.amsgrad else []))

    def update(self, program: Program, g: Any, w: Any, moments: dict[str, Any], iteration: Any) -> None:
        loops = program.kernels(adam)
        update = loops.update_amsgrad if self.amsgrad else loops.update
        numbers = (program.device.follow(self._rate), self.beta_1, self.beta_2, self.epsilon)
        program.call(update, g, *numbers, iteration, *(moments[name] for name in self.moments), w)


class AdamW(Adam):
    """Adam with decoupled weight decay, on by default: Loshchilov and Hutter 2019.

    adam: those of Adam, and of Optimizer, for clipping, gradient_accumulation_steps and use_ema.
    """

    def __init__(self, learning_rate: float | Schedule = 0.001, weight_decay: float = 0.004, **adam: Any) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **adam)


class Lion(Optimizer):
    """The sign of an interpolated momentum: Chen et al. 2023. Use a learning rate 3 to 10 times below Adam's.

    common: those of Optimizer, for clipping, weight_decay, gradient_accumulation_steps and use_ema.
    """

    def __init__(
        self, learning_rate: float | Schedule = 0.0001, beta_1: float = 0.9, beta_2: float = 0.99, **common: Any
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = fraction("Lion", "beta_1", beta_1)
        self.beta_2 = fraction("Lion", "beta_2", beta_2)

    @property
    def moments(self) -> tuple[str, ...]:
        return ("mean",)

    def update(self, program: Program, g: Any, w: Any, moments: dict[str, Any], iteration: Any) -> None:
        update = program.kernels(lion).update
        program.call(update, g, program.device.follow(self._rate), self.beta_1, self.beta_2, moments["mean"], w)


_known = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "lion": Lion,
}


def _count(owner: str, argument: str, value: int | None, least: int) -> int | None:
    """An integer of `least` or more, or None where none is given."""
    if value is None:
        return None
    if positive_integer(owner, argument, value) < least:
        fail(owner, argument, f"an integer of {least} or more, or None", value)
    return value


def get(optimizer: Any) -> Optimizer:
    """The optimizer of that name with its defaults, or the one given."""
    found: Optimizer = resolve("compile", "optimizer", optimizer, Optimizer, _known)
    return found
