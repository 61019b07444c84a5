"""numbanet: neural networks whose every forward and backward pass is an explicit loop, compiled by Numba.

import numbanet as nn
model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=0)
model.compile("adam", nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
model.fit(*nn.datasets.load_digits(), epochs=10, validation_split=0.2)
"""

from . import (
    callbacks,
    datasets,
    distributed,
    errors,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    plot,
    regularizers,
    schedules,
    teach,
)
from . import pickling as _pickling  # noqa: F401 - teaches copy and pickle what a model is
from .converting import from_keras, from_onnx, from_torch
from .kernels._threads import get_num_threads, set_num_threads
from .model import Sequential
from .perceptron import Perceptron
from .saving import load_model
from .teach import check_gradients, explain, pure_python

__version__ = "0.1.0"

__all__ = [
    "Perceptron",
    "Sequential",
    "__version__",
    "callbacks",
    "check_gradients",
    "datasets",
    "distributed",
    "errors",
    "explain",
    "from_keras",
    "from_onnx",
    "from_torch",
    "get_num_threads",
    "initializers",
    "layers",
    "load_model",
    "losses",
    "metrics",
    "optimizers",
    "plot",
    "pure_python",
    "regularizers",
    "schedules",
    "set_num_threads",
    "teach",
]
