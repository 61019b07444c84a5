"""Backward passes that need several kernels, against differences: a small model of layers that are made of them.

`numbanet.teach.check_gradients` compares every parameter and input, with the reference's loops as plain Python.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from ...layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Conv2DTranspose,
    Dense,
    Layer,
    LayerNormalization,
    Residual,
    SimpleRNN,
)
from ...model import Sequential
from ...teach import check_gradients
from ..uncompiled import Textbook
from .differences import Proof

SEQUENCE, IMAGE, ROW = (3, 2), (3, 3, 2), (3,)
Made = tuple[tuple[int, ...], Callable[[], list[Layer]]]
# of operations whose backward pass is not a kernel with the name of a forward one: an input shape, and layers
LAYERS: dict[str, list[Made]] = {
    "add": [(ROW, lambda: [Residual([Dense(3, "tanh")])])],
    "bias": [(IMAGE, lambda: [Conv2DTranspose(2, 2)])],
    "flip": [(IMAGE, lambda: [Conv2DTranspose(2, 2, strides=2)])],
    "gru": [
        (SEQUENCE, lambda: [GRU(2, return_sequences=True)]),
        (SEQUENCE, lambda: [GRU(2, reset_after=False)]),
    ],
    "lstm": [(SEQUENCE, lambda: [LSTM(2, return_sequences=True)]), (SEQUENCE, lambda: [LSTM(2)])],
    "mean": [(ROW, lambda: [Dense(2)])],
    "part_sums": [(ROW, lambda: [BatchNormalization(), Dense(2)]), (ROW, lambda: [LayerNormalization()])],
    "regularization": [(ROW, lambda: [Dense(2, kernel_regularizer="l2", bias_regularizer="l1")])],
    "simple_rnn": [(SEQUENCE, lambda: [SimpleRNN(2, return_sequences=True)]), (SEQUENCE, lambda: [SimpleRNN(2)])],
    "time_slice": [(SEQUENCE, lambda: [Bidirectional(SimpleRNN(1, return_sequences=True))])],
    "time_sum": [(SEQUENCE, lambda: [SimpleRNN(3, return_sequences=True)])],
}


def prove(operation: str, proof: Proof) -> None:
    """Compare the gradients of the models that use an operation, if there are any."""
    for shape, make in LAYERS.get(operation, ()):
        _prove(shape, make(), proof)


def _prove(shape: tuple[int, ...], layers: list[Layer], proof: Proof) -> None:
    random = np.random.default_rng(len(shape))
    model = Sequential(layers)
    model.build(shape, Textbook(), "float64")
    model.compile("sgd", "mse")
    network = model._built("check")
    model.set_weights([random.uniform(0.1, 1, w.shape) for w in model.get_weights()])  # no bias at a kink of |w|
    x, y = random.normal(size=(2, *shape)), random.normal(size=(2, *network.output_shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check_gradients(model, x, y, verbose=False)
    for row in report.rows:
        proof.gradients += 1
        proof.elements += row.elements - row.kinks
        proof.worst = max(proof.worst, row.worst)
        if not row.ok:
            proof.wrong.append(f"{type(layers[0]).__name__}, {row.name}: {row.verdict}")
