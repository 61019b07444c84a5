"""Who calls which loops: a layer, loss, metric or optimizer writes its calls down for a little data, and they are run.

The calls are those of a program (numbanet.program), so nothing here says which layer uses which operation. They run as
plain Python, one element at a time: nothing is compiled.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import layers, losses, metrics, optimizers
from ...devices import get_device
from ...errors import ArgumentError, ShapeError
from ...kernels import Kernel
from ...kernels._plain import textbook
from ...layers.base import Layer
from ...losses import Loss
from ...metrics import Metric
from ...network import Network
from ...optimizers import Optimizer
from ...program import Program
from ..tracing.written import written
from . import given
from .contract import reference_kernels
from .worked import run_plainly

SAMPLES, CLASSES = 2, 3
SHAPES = ((4,), (3, 2), (4, 4, 2))  # of a sample, until a layer takes one
ARGUMENTS: dict[str, Any] = {  # that constructors ask for, by their names
    "units": 3,
    "filters": 2,
    "kernel_size": 2,
    "rate": 0.5,
    "input_dim": 5,
    "output_dim": 3,
    "n": 2,
    "target_shape": (2, 2),
    "activation": "tanh",
    "num_classes": CLASSES,
    "height": 2,
    "width": 2,
    "height_factor": 0.5,
    "width_factor": 0.5,
}


@dataclass(frozen=True)
class Use:
    """A call of a loop: the textbook's kernel, and its arguments by name as they were before the call.

    purpose: the parameter whose gradient it writes, or else the layer that calls; "" where there is but one.
    """

    kernel: Kernel
    arguments: dict[str, Any]
    purpose: str = ""

    @property
    def operation(self) -> str:
        """Its operation's name, or that of the module where it is your own."""
        module = self.kernel.function.__module__.split(".")
        return module[2] if module[:2] == ["numbanet", "kernels"] else module[-1]


def uses(owner: Any, data: Any = None) -> tuple[Use, ...]:
    """The calls of a layer, loss, metric or optimizer. data: x of a layer, (p, t) of a loss or metric, (g, w)."""
    if isinstance(owner, Layer):
        return _layer(owner, data)
    if isinstance(owner, Loss):
        return _loss(owner, data)
    return _metric(owner, data) if isinstance(owner, Metric) else _optimizer(owner, data)


def classes() -> dict[str, type]:
    """Everything that can be explained by its class, by name."""
    found: dict[str, type] = {}
    for module in (metrics, losses, optimizers, layers):  # of two with one name the loss
        for name, value in vars(module).items():
            if inspect.isclass(value) and not name.startswith("_") and value.__module__.startswith(module.__name__):
                found[name] = value
    bases = (Layer, Loss, Metric, Optimizer)
    return {n: c for n, c in found.items() if issubclass(c, bases) and c not in bases}


def example(kind: type) -> Any:
    """An object of a class, made with arguments of ARGUMENTS where it needs some."""
    if kind is layers.GroupNormalization:
        return layers.GroupNormalization(groups=2)
    if kind is layers.Normalization:
        return layers.Normalization(mean=0.5, variance=4.0)
    if kind is layers.Residual:
        return layers.Residual([layers.Dense(4)])
    if kind is layers.Bidirectional:
        return layers.Bidirectional(layers.LSTM(2))
    if kind is layers.TimeDistributed:
        return layers.TimeDistributed(layers.Dense(2))
    parameters = inspect.signature(kind).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    unknown = [name for name in needed if name not in ARGUMENTS]
    if unknown:
        raise ArgumentError(
            f"explain: {kind.__name__} needs {', '.join(unknown)}. Give an object of it: explain({kind.__name__}(...))."
        )
    return kind(**{name: ARGUMENTS[name] for name in needed})


@functools.cache
def known_uses() -> dict[str, dict[str, tuple[str, Use]]]:
    """By operation and function: who calls it, and the first of its calls; after those, SMALL ones."""
    found: dict[str, dict[str, tuple[str, Use]]] = {}
    for owner in _all():
        for use in uses(owner):
            if "numbanet" in use.kernel.name:
                found.setdefault(use.operation, {}).setdefault(use.kernel.__name__, (f"{owner!r}", use))
    for operation, functions in small_arguments().items():
        loops = reference_kernels(operation)
        for function, arguments in functions.items():
            kernel = loops[function]
            named = dict(zip(kernel.parameters, arguments, strict=True))
            found.setdefault(operation, {}).setdefault(function, ("", Use(kernel, named)))
    return found


def _all() -> Iterator[Any]:
    """An object of every class, and some with other options, whose loops are others."""
    for _, kind in sorted(classes().items(), key=lambda item: issubclass(item[1], Metric)):
        yield example(kind)
    yield from (metrics.MeanAbsoluteError(), metrics.MeanSquaredError())
    yield from (losses.BinaryCrossentropy(False), losses.CategoricalCrossentropy(False))
    yield losses.SparseCategoricalCrossentropy(False)
    yield optimizers.SGD(momentum=0.9, clipnorm=1.0, gradient_accumulation_steps=2)
    yield optimizers.SGD(momentum=0.9, nesterov=True, clipvalue=0.5, use_ema=True)
    yield optimizers.Adam(amsgrad=True, use_ema=True, ema_overwrite_frequency=1)
    yield optimizers.RMSprop(momentum=0.9)
    yield optimizers.RMSprop(centered=True)
    yield optimizers.RMSprop(momentum=0.9, centered=True)
    yield layers.Dense(3, use_bias=False)
    yield layers.GRU(2, reset_after=False)
    yield layers.UpSampling2D(2, interpolation="bilinear")
    yield layers.Normalization(mean=0.5, variance=4.0, invert=True)
    yield from (layers.RandomTranslation(0.5, 0.5, mode) for mode in ("constant", "nearest", "wrap"))
    yield layers.RandomErasing(size=2)
    yield from (layers.Bidirectional(layers.LSTM(2), merge_mode=mode) for mode in ("mul", "ave"))


def small_arguments() -> dict[str, dict[str, tuple[Any, ...]]]:
    """Arguments for loops that none of those calls."""
    random = _random()
    x, w, labels = random.standard_normal((2, 3)), random.standard_normal(3), np.array([1.0, 0.0])
    flag, state = np.zeros(1, np.int64), np.zeros(2)
    return {
        "check": {"finite": (w, flag), "labels": (np.array([2, 0]), 3, flag), "between": (w, 0.0, 1.0, flag)},
        "copy": {"forward": (w, np.zeros(3))},
        "flip": {"forward": (random.standard_normal((2, 2, 1, 2)), np.zeros((2, 2, 1, 2)))},
        "gather": {"rows": (random.standard_normal((4, 3)), np.array([2, 0, 3, 1]), flag, np.zeros((2, 3)))},
        "mean": {"forward": (w, np.zeros(1))},
        "multiply_add": {"repeat": (0.5, 1.0, 2, w)},
        "perceptron": {
            "epoch": (x, labels, 0.5, np.zeros(3), np.zeros(1), flag),
            "predict": (x, w, np.zeros(1), np.zeros(2)),
        },
        "random": {name: (0, 0, 0, np.zeros(4)) for name in ("uniform", "normal")},
        "regularization": {"penalty": (w, 0.01, 0.02, np.ones(1)), "gradient": (w, 0.01, 0.02, np.ones(3))},
        "running_mean": {"update": (np.array([0.7]), 32, state), "update_masked": (np.array([0.7]), labels, state)},
    }


def _random() -> np.random.Generator:
    return np.random.default_rng(0)


def _run(program: Program, network: Network | None = None) -> Iterator[Use]:
    """Run what a program holds, call by call. network: whose gradients it writes."""
    for call in program.calls:
        kernel = textbook(call.kernel)
        values = dict(zip(kernel.parameters, call.arguments, strict=True))
        before = {name: np.array(v) if isinstance(v, np.ndarray) else v for name, v in values.items()}
        outputs = [values[name] for name in written(kernel)]
        yield Use(
            kernel, before, (_gradient_of(network, outputs) if network else "") or call.owner.removeprefix("layer/")
        )
        run_plainly(kernel, values)


def _gradient_of(network: Network, outputs: list[Any]) -> str:
    """The parameter whose gradient is written, "bias[1]" for a part of one; or ""."""
    for slot in network.trained:
        whole = slot.gradient
        for a in outputs:
            if np.shares_memory(whole, a):
                parts = len(whole) if a.size < whole.size else 0
                part = next((f"[{k}]" for k in range(parts) if np.shares_memory(whole[k], a)), "")
                return f"{slot.parameter.name}{part}"
    return ""


def _network(layer: Layer, data: Any) -> Network:
    shapes = SHAPES if data is None else (data.shape[1:],)
    if layer.index_limit is not None and data is None:
        shapes = ((3,),)
    for shape in shapes:
        try:
            return Network([layer], shape, get_device("reference"), np.float64, 0)
        except ShapeError:
            if shape is shapes[-1]:
                raise
    raise ArgumentError("explain: no shape to try")


def _layer(layer: Layer, data: Any) -> tuple[Use, ...]:
    copy = type(layer).from_config(layer.get_config() | {"name": layer.name or "layer"})
    if data is not None:
        data = given.batch(copy, data, copy.index_limit)
    network, random = _network(copy, data), _random()
    n = (given.batch_size(copy) or SAMPLES) if data is None else len(data)
    ends = network.ends(n, True)
    limit = network.index_limit
    x = random.integers(0, limit, ends.x.shape) if limit is not None else random.standard_normal(ends.x.shape)
    ends.x[...] = x if data is None else data
    ahead, back = Program(network.device), Program(network.device)
    network.forward(ahead, n, True)
    network.backward(back, n, True, limit is None)
    found = list(_run(ahead, network))
    ends.dy[...] = random.standard_normal(ends.dy.shape)
    return (*found, *_run(back, network))


def _rows(owner: Loss | Metric, data: Any) -> tuple[Any, Any]:
    """Predictions and targets, as a loss or metric takes them."""
    if data is not None:
        return given.rows(owner, data)
    random = _random()
    p = random.uniform(0.1, 0.9, (SAMPLES, CLASSES))
    labels = random.integers(0, CLASSES, SAMPLES)
    return p, labels if owner.integer_targets else np.eye(CLASSES)[labels]


def _loss(loss: Loss, data: Any) -> tuple[Use, ...]:
    program = Program(get_device("reference"))
    p, t = _rows(loss, data)
    saved, found, dp = np.zeros(len(p)), np.zeros(len(p)), np.zeros(p.shape)
    loss.forward(program, p, t, np.ones(len(p)), saved, found)
    loss.backward(program, p, t, np.ones(len(p)), saved, dp)
    return tuple(_run(program))


def _metric(metric: Metric, data: Any) -> tuple[Use, ...]:
    if type(metric) is metrics.Accuracy:
        metric = metric.for_loss(losses.SparseCategoricalCrossentropy(), CLASSES)
    program = Program(get_device("reference"))
    p, t = _rows(metric, data)
    metric.record(program, p, t, np.zeros(metric.state_shape))
    return tuple(_run(program))


def _optimizer(optimizer: Optimizer, data: Any) -> tuple[Use, ...]:
    random, program = _random(), Program(get_device("reference"))
    g, w = random.standard_normal((2, 4)) if data is None else given.gradient_and_weights(data)
    arrays = {name: np.full(g.shape, value) for name, value in optimizer.arrays.items()}
    if optimizer.gradient_accumulation_steps:
        optimizer.record_accumulation(program, g.copy(), arrays)
    optimizer.record(program, g, w, [g], arrays, np.zeros(1, np.int64))
    return tuple(_run(program))
