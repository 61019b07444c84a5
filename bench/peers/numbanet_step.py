"""numbanet: the public train_on_batch, with its checks of the data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from workloads import (
    BETA_1,
    BETA_2,
    EPSILON,
    LEARNING_RATE,
    NORM_EPSILON,
    NORM_MOMENTUM,
    Conv,
    Dense,
    Flatten,
    Layer,
    Norm,
    Pool,
    Recurrent,
    Workload,
)

import numbanet as nn

Weights = list[dict[str, np.ndarray]]


def _layers(layer: Layer) -> list[nn.layers.Layer]:
    match layer:
        case Dense(units, relu):
            return [nn.layers.Dense(units, activation="relu" if relu else None)]
        case Conv(filters, size, padding, relu):
            return [nn.layers.Conv2D(filters, size, padding=padding, activation="relu" if relu else None)]
        case Pool(size):
            return [nn.layers.MaxPooling2D(size)]
        case Norm(relu):
            norm = nn.layers.BatchNormalization(momentum=NORM_MOMENTUM, epsilon=NORM_EPSILON)
            return [norm, nn.layers.ReLU()] if relu else [norm]
        case Flatten():
            return [nn.layers.Flatten()]
        case Recurrent(units, cell):
            return [getattr(nn.layers, cell)(units)]


def model(workload: Workload) -> tuple[nn.Sequential, Weights]:
    """The compiled model, and for each layer of the description its weights by Keras's names."""
    built = [_layers(layer) for layer in workload.layers]
    found = nn.Sequential([layer for layers in built for layer in layers], seed=0)
    found.build(workload.input_shape)
    loss = nn.losses.BinaryCrossentropy() if workload.outputs == 1 else nn.losses.SparseCategoricalCrossentropy()
    found.compile(nn.optimizers.Adam(LEARNING_RATE, BETA_1, BETA_2, EPSILON), loss)
    arrays = dict(zip(found.weight_names, found.get_weights(), strict=True))
    weights = []
    for layers in built:
        owner = f"{layers[0].name}/"
        weights.append({name.removeprefix(owner): a for name, a in arrays.items() if name.startswith(owner)})
    return found, weights


def set_threads(threads: int) -> None:
    nn.set_num_threads(threads)


def step(workload: Workload, x: np.ndarray, y: np.ndarray) -> tuple[Callable[[], float], Weights]:
    """The step, and the weights that it begins with."""
    trained, weights = model(workload)
    return lambda: trained.train_on_batch(x, y), weights
