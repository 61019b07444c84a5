"""BatchNormalization, LayerNormalization and GroupNormalization: activations of mean 0 and variance 1.

Equations and papers: numbanet.kernels.batch_norm, .layer_norm and .group_norm.
"""

from __future__ import annotations

import numbers
from typing import Any

from .. import initializers, regularizers
from ..checks import boolean, fraction, positive, positive_integer
from ..config import plain
from ..errors import ShapeError
from ..kernels import batch_norm, fill, group_norm, layer_norm, part_sums
from ..kernels._lanes import PARTS, parts
from ..program import Program
from .base import Description, Layer, Parameter, Shape, Tensors, batch_shape


class _Normalization(Layer):
    """The scale gamma and the offset beta of the last axis, which follow the normalisation."""

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: str | initializers.Initializer,
        gamma_initializer: str | initializers.Initializer,
        beta_regularizer: str | regularizers.Regularizer | None,
        gamma_regularizer: str | regularizers.Regularizer | None,
        name: str | None,
        trainable: bool,
    ) -> None:
        super().__init__(name, trainable)
        owner = type(self).__name__
        self.epsilon = positive(owner, "epsilon", epsilon)
        self.center = boolean(owner, "center", center)
        self.scale = boolean(owner, "scale", scale)
        self.beta_initializer = initializers.get(owner, "beta_initializer", beta_initializer)
        self.gamma_initializer = initializers.get(owner, "gamma_initializer", gamma_initializer)
        self.beta_regularizer = regularizers.get(owner, "beta_regularizer", beta_regularizer)
        self.gamma_regularizer = regularizers.get(owner, "gamma_regularizer", gamma_regularizer)

    @property
    def keeps_output(self) -> bool:
        return False

    def _parameters(self, C: int) -> list[Parameter]:
        found = []
        if self.scale:
            found.append(Parameter("gamma", (C,), self.gamma_initializer, self.gamma_regularizer))
        if self.center:
            found.append(Parameter("beta", (C,), self.beta_initializer, self.beta_regularizer))
        return found

    def _scratch(self, C: int) -> dict[str, Shape]:
        """What stands in for gamma and beta where the layer does without."""
        return {name: (C,) for name, used in (("gamma", self.scale), ("beta", self.center)) if not used}

    def _factors(self, t: Tensors) -> tuple[Any, Any]:
        """Gamma and beta, or the arrays that stand in for them."""
        values = t.scratch | t.parameters
        return values["gamma"], values["beta"]

    def _fill(self, program: Program, t: Tensors) -> None:
        """Write the calls that make ones and zeros of what stands in."""
        for name, value in (("gamma", 1.0), ("beta", 0.0)):
            if name in t.scratch:
                program.call(program.kernels(fill).constant, value, t.scratch[name])

    def _add_up(self, program: Program, t: Tensors, dgammas: Any, dbetas: Any) -> None:
        """Write the calls that make gradients of the sums over parts, where there are parameters."""
        for name, sums in (("gamma", dgammas), ("beta", dbetas)):
            if t.gradients.get(name) is not None:
                program.call(program.kernels(part_sums).forward, sums, t.gradients[name])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": plain(self.beta_initializer),
            "gamma_initializer": plain(self.gamma_initializer),
            "beta_regularizer": plain(self.beta_regularizer),
            "gamma_regularizer": plain(self.gamma_regularizer),
        }


class BatchNormalization(_Normalization):
    """Y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance of each channel over the batch.

    Input and output (N, ..., C); the channels are the last axis, and statistics are taken over all others. Parameters:
    gamma (C,) if scale, beta (C,) if center, and moving_mean, moving_variance (C,), which are not trained.

    In training the statistics are those of the batch, and every training step moves the running ones: moving = momentum
    moving + (1 - momentum) batch, with the biased variance, as in Keras (PyTorch's momentum is 1 - momentum, and its
    running variance is the unbiased one). In inference, so in predict, evaluate and in gradients(training=False), the
    running statistics stand for those of the batch, and are constants. gradients(training=True), input_gradient and
    loss_value look at a training step without taking it: they leave the running statistics as they were.
    A frozen layer (trainable=False) takes the running statistics in training, too, and does not move them.

    momentum: how much of the running statistics a step keeps, from 0 to 1, without 1.
    epsilon: what is added to the variance.
    center, scale, initializers and regularizers: as in Keras.

    Raises ArgumentError for a value it cannot use. Equations and source: numbanet.kernels.batch_norm.
    """

    mixes_samples = True

    def __init__(
        self,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: str | initializers.Initializer = "zeros",
        gamma_initializer: str | initializers.Initializer = "ones",
        moving_mean_initializer: str | initializers.Initializer = "zeros",
        moving_variance_initializer: str | initializers.Initializer = "ones",
        beta_regularizer: str | regularizers.Regularizer | None = None,
        gamma_regularizer: str | regularizers.Regularizer | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        affine = beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer
        super().__init__(epsilon, center, scale, *affine, name, trainable)
        owner = "BatchNormalization"
        self.momentum = fraction(owner, "momentum", momentum)
        self.moving_mean_initializer = initializers.get(owner, "moving_mean_initializer", moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(
            owner, "moving_variance_initializer", moving_variance_initializer
        )

    def describe(self, input_shape: Shape) -> Description:
        C = input_shape[-1]
        moving = [
            Parameter("moving_mean", (C,), self.moving_mean_initializer, trainable=False),
            Parameter("moving_variance", (C,), self.moving_variance_initializer, trainable=False),
        ]
        scratch: dict[str, Shape] = {}
        if self.trainable:
            scratch |= {"means": (PARTS, C), "squares": (PARTS, C), "mean": (C,), "variance": (C,)}
            scratch |= {"dgamma": (C,), "dbeta": (C,)}
        return Description(input_shape, (*self._parameters(C), *moving), {}, scratch | self._scratch(C))

    def _of_batch(self, t: Tensors) -> bool:
        """Whether the statistics are those of the batch: in training, where a layer that is not frozen has a place."""
        return t.training and "mean" in t.scratch

    def _statistics(self, t: Tensors) -> tuple[Any, Any]:
        """Mean and variance: of the batch, or the running ones."""
        if self._of_batch(t):
            return t.scratch["mean"], t.scratch["variance"]
        return t.parameters["moving_mean"], t.parameters["moving_variance"]

    def _parts(self, t: Tensors) -> tuple[Any, Any]:
        """Two arrays (P, C) for the sums of parts."""
        C = t.x.shape[-1]
        P = parts(t.x.size // C, C)
        return t.scratch["means"][:P], t.scratch["squares"][:P]

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        loops, C = program.kernels(batch_norm), t.x.shape[-1]
        x, y = t.x.reshape(-1, C), t.y.reshape(-1, C)
        mean, variance = self._statistics(t)
        self._fill(program, t)
        if self._of_batch(t):
            moving = t.parameters["moving_mean"], t.parameters["moving_variance"]
            means, squares = self._parts(t)
            program.call(loops.partial_statistics, x, means, squares)
            program.call(loops.statistics, x, means, squares, self.momentum, mean, variance, *moving)
        program.call(loops.forward, x, mean, variance, *self._factors(t), self.epsilon, y)

    def backward(self, program: Program, t: Tensors) -> None:
        loops, C = program.kernels(batch_norm), t.x.shape[-1]
        x, dy = t.x.reshape(-1, C), t.dy.reshape(-1, C)
        mean, variance = self._statistics(t)
        gamma, _ = self._factors(t)
        sums = {name: a for name, a in t.gradients.items() if a is not None}
        if through_statistics := self._of_batch(t) and t.dx is not None:
            sums = {"gamma": t.scratch["dgamma"], "beta": t.scratch["dbeta"]} | sums
        if sums:
            parts_of = dict(zip(("gamma", "beta"), self._parts(t), strict=True))
            program.call(loops.backward_parts, dy, x, mean, variance, self.epsilon, *parts_of.values())
            for name, a in sums.items():
                program.call(program.kernels(part_sums).forward, parts_of[name], a)
        if through_statistics:
            given = dy, x, mean, variance, gamma, self.epsilon, sums["gamma"], sums["beta"]
            program.call(loops.backward_input, *given, t.dx.reshape(-1, C))
        elif t.dx is not None:
            program.call(loops.backward_input_of_inference, dy, variance, gamma, self.epsilon, t.dx.reshape(-1, C))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "momentum": self.momentum,
            "moving_mean_initializer": plain(self.moving_mean_initializer),
            "moving_variance_initializer": plain(self.moving_variance_initializer),
        }


class LayerNormalization(_Normalization):
    """Y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance over the last axis.

    Input and output (N, ..., C). Each sample, and in it each time step or pixel, is normalised by itself, in training
    as in inference. Parameters: gamma (C,) if scale, beta (C,) if center.

    epsilon: what is added to the variance.
    center, scale, initializers and regularizers: as in Keras.

    Raises ArgumentError for a value it cannot use. Equations and source: numbanet.kernels.layer_norm.
    """

    def __init__(
        self,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: str | initializers.Initializer = "zeros",
        gamma_initializer: str | initializers.Initializer = "ones",
        beta_regularizer: str | regularizers.Regularizer | None = None,
        gamma_regularizer: str | regularizers.Regularizer | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        affine = beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer
        super().__init__(epsilon, center, scale, *affine, name, trainable)

    def describe(self, input_shape: Shape) -> Description:
        C, rows = input_shape[-1], input_shape[:-1]
        scratch: dict[str, Shape] = {"dgammas": (PARTS, C), "dbetas": (PARTS, C)}
        saved = {"mean": rows, "inverse": rows}
        return Description(input_shape, tuple(self._parameters(C)), saved, scratch | self._scratch(C))

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        C = t.x.shape[-1]
        self._fill(program, t)
        mean, inverse = (t.saved[name].reshape(-1) for name in ("mean", "inverse"))
        x, y = t.x.reshape(-1, C), t.y.reshape(-1, C)
        program.call(program.kernels(layer_norm).forward, x, *self._factors(t), self.epsilon, mean, inverse, y)

    def backward(self, program: Program, t: Tensors) -> None:
        loops, C = program.kernels(layer_norm), t.x.shape[-1]
        x, dy = t.x.reshape(-1, C), t.dy.reshape(-1, C)
        mean, inverse = (t.saved[name].reshape(-1) for name in ("mean", "inverse"))
        if t.trained:
            P = parts(len(x), C)
            dgammas, dbetas = t.scratch["dgammas"][:P], t.scratch["dbetas"][:P]
            program.call(loops.backward_parts, dy, x, mean, inverse, dgammas, dbetas)
            self._add_up(program, t, dgammas, dbetas)
        if t.dx is not None:
            gamma, _ = self._factors(t)
            program.call(loops.backward_input, dy, x, gamma, mean, inverse, t.dx.reshape(-1, C))


class GroupNormalization(_Normalization):
    """Y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance over a group of channels.

    Input and output (N, ..., C): the channels are the last axis, and group g has the C / groups channels from
    g C / groups on. Statistics are over all positions of a sample and the channels of a group, in training as in
    inference. Parameters: gamma (C,) if scale, beta (C,) if center.

    groups: how many, a divisor of C; 1 normalises whole samples, and -1 (or C) each channel by itself, which is
    instance normalisation.
    epsilon: what is added to the variance.
    center, scale, initializers and regularizers: as in Keras.

    Raises ArgumentError for a value it cannot use, and ShapeError at build where the groups do not divide the channels.
    Equations and source: numbanet.kernels.group_norm.
    """

    def __init__(
        self,
        groups: int = 32,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: str | initializers.Initializer = "zeros",
        gamma_initializer: str | initializers.Initializer = "ones",
        beta_regularizer: str | regularizers.Regularizer | None = None,
        gamma_regularizer: str | regularizers.Regularizer | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        affine = beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer
        super().__init__(epsilon, center, scale, *affine, name, trainable)
        each = isinstance(groups, numbers.Integral) and int(groups) == -1
        self.groups = -1 if each else positive_integer("GroupNormalization", "groups", groups)

    def describe(self, input_shape: Shape) -> Description:
        C = input_shape[-1]
        G = C if self.groups == -1 else self.groups
        if C % G:
            raise ShapeError(
                f"expected input of shape (N, ..., C) with C a multiple of groups={G}, "
                f"received {batch_shape(input_shape)}. Choose groups that divide {C}."
            )
        saved: dict[str, Shape] = {"mean": (G,), "inverse": (G,), "dgammas": (C,), "dbetas": (C,)}
        return Description(input_shape, tuple(self._parameters(C)), saved, self._scratch(C))

    def forward(self, program: Program, t: Tensors, training: bool) -> None:
        self._fill(program, t)
        x, y = _positions(t.x), _positions(t.y)
        statistics = t.saved["mean"], t.saved["inverse"]
        program.call(program.kernels(group_norm).forward, x, *self._factors(t), self.epsilon, *statistics, y)

    def backward(self, program: Program, t: Tensors) -> None:
        loops, x, dy = program.kernels(group_norm), _positions(t.x), _positions(t.dy)
        statistics = t.saved["mean"], t.saved["inverse"]
        sums = t.saved["dgammas"], t.saved["dbetas"]
        program.call(loops.backward_samples, dy, x, *statistics, *sums)
        self._add_up(program, t, *sums)
        if t.dx is not None:
            gamma, _ = self._factors(t)
            program.call(loops.backward_input, dy, x, gamma, *statistics, *sums, _positions(t.dx))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"groups": self.groups}


def _positions(a: Any) -> Any:
    """(N, ..., C) as (N, T, C)."""
    return a.reshape(len(a), -1, a.shape[-1])
