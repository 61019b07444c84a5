"""numbanet: the public train_on_batch, with its checks of the data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import numbanet as nn
from numbanet.bench.workloads import Workload, build, layers_of

Weights = list[dict[str, np.ndarray]]


def model(workload: Workload) -> tuple[nn.Sequential, Weights]:
    """The compiled model, and for each layer of the description its weights by Keras's names."""
    found = build(workload)
    arrays = dict(zip(found.weight_names, found.get_weights(), strict=True))
    layers, weights = iter(found.layers), []
    for described in workload.layers:
        first, *_ = [next(layers) for _ in layers_of(described)]
        owner = f"{first.name}/"
        weights.append({name.removeprefix(owner): a for name, a in arrays.items() if name.startswith(owner)})
    return found, weights


def set_threads(threads: int) -> None:
    nn.set_num_threads(threads)


def step(workload: Workload, x: np.ndarray, y: np.ndarray) -> tuple[Callable[[], float], Weights]:
    """The step, and the weights that it begins with."""
    trained, weights = model(workload)
    return lambda: trained.train_on_batch(x, y), weights
