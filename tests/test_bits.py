"""The same weights, to the bit, on any number of threads: a network of layers that add up over images."""

import hashlib

import numpy as np
import pytest
from numba import config

import numbanet as nn
from numbanet import layers
from numbanet.kernels import _windows

pytestmark = pytest.mark.compiled

COUNTS = [1, 2, 4, 8]


def weight_hash(threads):
    random = np.random.default_rng(0)
    x, y = random.standard_normal((100, 32, 32, 3)).astype("float32"), random.integers(0, 10, 100)
    model = nn.Sequential(
        [
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
        seed=0,
    )
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy())
    nn.set_num_threads(threads)
    model.fit(x, y, batch_size=64, epochs=2, verbose=0)
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()


def test_a_batch_norm_cnn_has_one_weight_hash():
    """NUMBA_NUM_THREADS=8 pytest tests/test_bits.py runs all of COUNTS; without it as many as there are cores."""
    before = nn.get_num_threads()
    try:
        hashes = {weight_hash(count) for count in COUNTS if count <= config.NUMBA_NUM_THREADS}
    finally:
        nn.set_num_threads(before)
    assert len(hashes) == 1


def test_counting_tasks_compiles_nothing():
    """Python counts tasks with helpers of the kernels: compiling them for that cost every process a second."""
    known = list(_windows.count_blocks.signatures)
    window = (3, 3, 1, 1, 1, 1, 1, 1)
    assert _windows.count_blocks(2, 300.0, 7, 3, window) > 0, "a float, which no kernel calls it with"
    assert list(_windows.count_blocks.signatures) == known
