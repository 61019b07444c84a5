"""The small models and data that the tests of training share, and what is to be refused."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import NumbanetError

X = np.random.default_rng(0).standard_normal((22, 4)).astype("float32")
LABELS = np.arange(22) % 3
WEIGHTS = np.linspace(0.5, 2.0, 22, dtype="float32")


def model(optimizer="sgd", dropout=0.0, seed=0, metrics=("accuracy",), device="cpu", dtype="float32", build=True):
    """Four features, three classes."""
    drop = [layers.Dropout(dropout)] if dropout else []
    m = nn.Sequential([layers.Dense(5, activation="tanh"), *drop, layers.Dense(3)], seed=seed)
    if build:
        m.build((4,), device, dtype)
    m.compile(optimizer, "sparse_categorical_crossentropy", list(metrics))
    return m


def train(m, steps=5):
    """Some steps on batches that differ."""
    for k in range(steps):
        rows = slice(k % 3, k % 3 + 8)
        m.train_on_batch(X[rows], LABELS[rows])
    return m


def same(a, b):
    """The same bits in two models, or two lists of arrays."""
    a, b = (m.get_weights() if isinstance(m, nn.Sequential) else m for m in (a, b))
    return len(a) == len(b) and all(np.array_equal(u, v) for u, v in zip(a, b, strict=True))


def refuses(action, *words):
    """The action raises one of the package's errors, which contains the words."""
    with pytest.raises(NumbanetError) as caught:
        action()
    for word in words:
        assert word in str(caught.value), str(caught.value)
