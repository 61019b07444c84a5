"""The same weights, to the bit, on any number of threads: networks of layers that add up over images and steps."""

import hashlib

import numpy as np
import pytest
from numba import config

import numbanet as nn
from numbanet import layers
from numbanet.kernels import _windows

pytestmark = pytest.mark.compiled

COUNTS = [1, 2, 4, 8]


NETWORKS = {
    "batch-norm-cnn": (
        (32, 32, 3),
        lambda: [
            layers.Conv2D(32, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10),
        ],
    ),
    "augmented-cnn": (
        (32, 32, 3),
        lambda: [
            layers.Normalization(mean=[0.0, 0.5, 1.0], variance=[1.0, 0.5, 2.0]),
            layers.RandomFlip("horizontal"),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.RandomTranslation(0.25, 0.5, "reflect"),
            layers.RandomErasing(0.5),
            layers.RandomErasing(size=(9, 3)),
            layers.RandomCrop(24, 28),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ],
    ),
    "recurrent": (
        (12, 20),
        lambda: [
            layers.LSTM(40, return_sequences=True, recurrent_dropout=0.2),
            layers.GRU(33, return_sequences=True, go_backwards=True, dropout=0.2),
            layers.GRU(24, reset_after=False, return_sequences=True),
            layers.SimpleRNN(17),
            layers.Dense(10),
        ],
    ),
}


def weight_hash(network, threads):
    shape, make = NETWORKS[network]
    random = np.random.default_rng(0)
    x, y = random.standard_normal((100, *shape)).astype("float32"), random.integers(0, 10, 100)
    model = nn.Sequential(make(), seed=0)
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy())
    nn.set_num_threads(threads)
    model.fit(x, y, batch_size=64, epochs=2, verbose=0)
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_has_one_weight_hash(network):
    """NUMBA_NUM_THREADS=8 pytest tests/test_bits.py runs all of COUNTS; without it as many as there are cores."""
    before = nn.get_num_threads()
    try:
        hashes = {weight_hash(network, count) for count in COUNTS if count <= config.NUMBA_NUM_THREADS}
    finally:
        nn.set_num_threads(before)
    assert len(hashes) == 1


def test_counting_tasks_compiles_nothing():
    """Python counts tasks with helpers of the kernels: compiling them for that cost every process a second."""
    known = list(_windows.count_blocks.signatures)
    window = (3, 3, 1, 1, 1, 1, 1, 1)
    assert _windows.count_blocks(2, 300.0, 7, 3, window) > 0, "a float, which no kernel calls it with"
    assert list(_windows.count_blocks.signatures) == known
