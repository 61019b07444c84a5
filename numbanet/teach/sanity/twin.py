"""A copy of a model to try things on, and batches to train it with."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...checks import fail, positive_integer
from ...config import plain
from ...errors import ShapeError, StateError
from ...layers.base import Layer
from ...layers.dropout import _Dropout
from ...layers.recurrence import _Recurrent
from ...model import Sequential
from ...optimizers import Optimizer


def twin(owner: str, model: Any, x: Any, bare: bool = False, optimizer: Optimizer | None = None) -> Sequential:
    """A copy of a compiled model, without its metrics; of one that is not built yet, built for the shape of x.

    Its next step is that of the model, to the bit. bare: without dropout and penalties. optimizer: takes the place of
    the model's, and begins anew. Raises ArgumentError, StateError, and what build raises.
    """
    if not isinstance(model, Sequential):
        fail(owner, "model", "a Sequential", model)
    with model._lock:
        if model.loss is None or model.optimizer is None:
            raise StateError(f"{owner}: expected a model with an optimizer and a loss. Call compile(...) first.")
        copied = Sequential(seed=model.seed)
        copied.layers = [copy.deepcopy(layer) for layer in model.layers]
        if bare:
            for layer in _all(copied.layers):
                _strip(layer)
        copied.compile(optimizer or copy_of(model.optimizer), model.loss)
        network = model._network
        if network is None:
            copied._build_from(owner, x)
            return copied
        copied.build(network.input_shape, network.device, network.dtype.name)
        if optimizer or bare:
            copied.set_weights(model.get_weights())
        else:
            _continue(owner, model, copied)
        return copied


def copy_of(optimizer: Optimizer, **changes: Any) -> Optimizer:
    """Another optimizer with the same settings, or with some that differ."""
    return type(optimizer)(**plain(optimizer)["config"] | changes)


def _continue(owner: str, model: Sequential, copied: Sequential) -> None:
    """Give the copy the weights, moments and counters of the model."""
    here, there = model._ready(owner), copied._ready(owner)
    if [slot.key for slot in here.network.trained] != [slot.key for slot in there.network.trained]:
        raise StateError(f"{owner}: layers were frozen or unfrozen since compile. Call compile(...) again.")
    there.set_state(here.get_state(), {slot.key: np.array(slot.value) for slot in here.network.slots})
    there._swapped = here._swapped


def _all(layers: Sequence[Layer]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        yield from _all(layer.inner_layers)


def _strip(layer: Layer) -> None:
    """Take from a layer what keeps it from learning by heart."""
    if isinstance(layer, _Dropout):
        layer.rate = 0.0
    if isinstance(layer, _Recurrent):
        layer.dropout = layer.recurrent_dropout = 0.0
    for name in vars(layer):
        if name.endswith("_regularizer"):
            setattr(layer, name, None)


def samples(owner: str, model: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """x and y as arrays whose first axes agree; lists take the model's type, as in fit. Raises ShapeError."""
    x, y = (_array(owner, name, a, model) for name, a in (("x", x), ("y", y)))
    if not x.shape or not y.shape or len(x) != len(y) or len(x) == 0:
        raise ShapeError(f"{owner}: expected samples x and as many targets y, received {x.shape} and {y.shape}")
    return x, y


def _array(owner: str, name: str, value: Any, model: Any) -> Any:
    if hasattr(value, "shape"):
        return value
    try:
        made = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{owner}: {name} is not an array of numbers: {error}") from None
    network = getattr(model, "_network", None)
    return made.astype(network.dtype if network else np.float32) if made.dtype.kind == "f" else made


def batches(owner: str, model: Sequential, x: Any, y: Any, batch_size: int | None) -> Iterator[tuple[Any, Any]]:
    """Batches of one size without end, in an order drawn anew for each epoch. batch_size: None is 32, as in fit."""
    size = min(32 if batch_size is None else positive_integer(owner, "batch_size", batch_size), len(x))
    random = np.random.default_rng(model.seed)
    while True:
        order = random.permutation(len(x))
        for first in range(0, len(x) - size + 1, size):
            rows = np.sort(order[first : first + size])  # memory-mapped arrays are read from front to back
            yield x[rows], y[rows]
