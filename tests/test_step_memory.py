"""A training step allocates nothing, and nothing is compiled after the first epoch: each in its own process."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.compiled

MLP = """
import json, tracemalloc
import numpy as np
import numbanet as nn
from numbanet import layers
from numbanet.kernels._cache import store

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

x = np.random.default_rng(0).standard_normal((64, 256)).astype("float32")
y = np.arange(64) % 3
m = nn.Sequential([layers.Dense(32, activation="relu"), layers.Dropout(0.3), layers.Dense(3)])
m.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
"""

STEPS = """
for _ in range(200):
    m.train_on_batch(x, y)
before = resident()
for _ in range(10_000):
    m.train_on_batch(x, y)
grown = resident() - before
tracemalloc.start()
m.train_on_batch(x, y)
tracemalloc.reset_peak()
start = tracemalloc.get_traced_memory()[0]
for _ in range(300):
    m.train_on_batch(x, y)
now, peak = tracemalloc.get_traced_memory()
print(json.dumps([grown, now - start, peak - start]))
"""

EPOCHS = """
class Counts(nn.callbacks.Callback):
    seen = []
    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(store.compiled + store.loaded)

stop = nn.callbacks.EarlyStopping(patience=9, restore_best_weights=True)
m.fit(x, y, 10, 5, validation_split=0.2, class_weight={0: 1, 1: 2, 2: 1}, callbacks=[stop, Counts()], verbose=0)
print(json.dumps(Counts.seen))
"""


def run(script):
    done = subprocess.run([sys.executable, "-c", MLP + script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_step_allocates_nothing():
    resident, traced, peak = run(STEPS)
    assert resident <= 2**20
    assert traced <= 512, "bytes that 300 steps keep"
    assert peak <= 4096, "bytes at any time of a step, whose smallest activation has 8 KiB"


def test_nothing_is_compiled_after_the_first_epoch():
    first, *later = run(EPOCHS)
    assert first > 5
    assert later == [first] * 4
