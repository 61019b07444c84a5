"""Layers and losses with one planted mistake each, and networks to put them in."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, losses
from numbanet.kernels import activations, dense, regularization, weight_decay

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((5, 3)), RANDOM.standard_normal((5, 2))
LABELS, ONE_HOT = np.array([0, 1, 1, 0, 1]), np.eye(2)[[0, 1, 1, 0, 1]]
WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0, 3.0])
BELOW = {"below/kernel", "below/bias", "input"}
ALL = BELOW | {"middle/kernel", "middle/bias", "above/kernel", "above/bias"}


def slow_in_python(value):
    return pytest.param(value, marks=pytest.mark.compiled)


def model(middle, loss="mse", above=None):
    m = nn.Sequential([layers.Dense(4, "tanh", name="below"), middle, above or layers.Dense(2, name="above")], seed=3)
    m.build((3,), dtype="float64")
    m.compile("sgd", loss)
    return m


def check(m, x=X, y=Y, **arguments):
    return nn.check_gradients(m, x, y, **arguments, verbose=False)


def rows(report):
    return {row.name: row for row in report.rows}


def wrong(report):
    return {row.name for row in report.rows if not row.ok}


def small(units=2, features=1, activation=None, loss="mse", kernel="zeros", bias="zeros", **dense):
    m = nn.Sequential(
        [layers.Dense(units, activation, kernel_initializer=kernel, bias_initializer=bias, name="d", **dense)]
    )
    m.build((features,), dtype="float64")
    m.compile("sgd", loss)
    return m


class _Middle(layers.Dense):
    """A right layer: what the planted mistakes are made from."""

    def __init__(self, activation="tanh", **arguments):
        super().__init__(4, activation, **arguments, name="middle")


class _Transposed(_Middle):
    def backward(self, program, t):
        super().backward(program, t)
        program.call(program.kernels(dense).forward_without_bias, t.saved["dz"], t.parameters["kernel"], t.dx)


class _NoBiasGradient(_Middle):
    def backward(self, program, t):
        super().backward(program, t)
        program.calls = [c for c in program.calls if "backward_bias" not in c.kernel.name or c.owner != self.name]


class _StaleInput(_Middle):
    def describe(self, input_shape):
        d = super().describe(input_shape)
        return layers.Description(d.output_shape, d.parameters, d.saved | {"old": input_shape})

    def backward(self, program, t):
        super().backward(program, t)
        old, loops = t.saved["old"], program.kernels(dense)
        program.call(loops.backward_kernel, t.saved["dz"], old, t.gradients["kernel"])
        program.call(program.kernels(activations).linear, t.x.reshape(-1), old.reshape(-1))


class _OneSign(_Middle):
    def backward(self, program, t):
        super().backward(program, t)
        element = t.gradients["kernel"].reshape(-1)[6:7]
        program.call(program.kernels(weight_decay).apply, np.ones(1), 2.0, element)  # w -= 1 * 2 * w


class _SlightlyShort(_Middle):
    def backward(self, program, t):
        super().backward(program, t)
        program.call(program.kernels(weight_decay).apply, np.ones(1), 1e-5, t.gradients["bias"])


class _AddsUp(_Middle):
    """Adds to `what` instead of overwriting it, which is right on memory of zeros."""

    what = "bias"

    def backward(self, program, t):
        target = t.dx if self.what == "dx" else t.gradients["bias"]
        before = np.zeros_like(target)
        program.call(program.kernels(activations).linear, target.reshape(-1), before.reshape(-1))
        super().backward(program, t)
        program.call(program.kernels(regularization).gradient, before.reshape(-1), 0.0, 0.5, target.reshape(-1))


class _AddsUpInput(_AddsUp):
    what = "dx"


class _SoftplusAtOutput(layers.Softplus):
    def differentiate(self, program, dy, x, y, dx):
        super().differentiate(program, dy, y, y, dx)


class _ReLUOfAll(layers.ReLU):
    def differentiate(self, program, dy, x, y, dx):
        program.call(program.kernels(activations).linear, dy.reshape(-1), dx.reshape(-1))


class _NoMask(layers.Dropout):
    def backward(self, program, t):
        program.call(program.kernels(activations).linear, t.dy.reshape(-1), t.dx.reshape(-1))


class _SumOfLosses(losses.MeanSquaredError):
    def backward(self, program, p, t, weights, saved, dp):
        super().backward(program, p, t, np.full(len(p), float(len(p))), saved, dp)


class _Unweighted(losses.MeanSquaredError):
    def backward(self, program, p, t, weights, saved, dp):
        super().backward(program, p, t, np.ones(len(p)), saved, dp)


class _Unsmoothed(losses.CategoricalCrossentropy):
    def backward(self, program, p, t, weights, saved, dp):
        losses.CategoricalCrossentropy().backward(program, p, t, weights, saved, dp)


class _ForgottenColumn(layers.Dense):
    def backward(self, program, t):
        super().backward(program, t)
        element = t.gradients["kernel"].reshape(-1)[3:]
        program.call(program.kernels(weight_decay).apply, np.ones(1), 1.0, element)
