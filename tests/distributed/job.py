"""What ranks do in the tests: mpiexec -n 2 python -m mpi4py tests/distributed/job.py NAME..., each NAME a training.

The first rank prints what each came to as JSON. Without mpiexec the tests call the same functions in their own process.
"""

import hashlib
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

import numbanet as nn
from numbanet import layers
from numbanet.distributed import DataParallel
from numbanet.layers import LSTM, Conv2D, Dense, Dropout, Flatten

SMALL_BLOCKS = 256  # bytes, so that gradients of small networks are sent in many
CROSS_ENTROPY = "sparse_categorical_crossentropy"


def fingerprint(model):
    arrays = [model._network.parameters.buffer, *(arena.buffer for arena in model._steps.moments.values())]
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


def found(parallel, history):
    """All that must not depend on the number of ranks."""
    return {"weights": fingerprint(parallel.model), "history": history.history, "steps": parallel.steps_trained}


def cnn():
    random = np.random.default_rng(0)
    x, y = random.standard_normal((180, 8, 8, 2)).astype("float32"), random.integers(0, 4, 180)
    norm = [Conv2D(8, 3, use_bias=False), layers.BatchNormalization(), layers.Activation("relu")]
    dense = [Flatten(), Dropout(0.3), Dense(32, activation="relu"), Dense(4)]
    model = nn.Sequential([*norm, Conv2D(8, 3, activation="relu"), *dense], seed=1)
    model.compile(nn.optimizers.SGD(0.05, momentum=0.9), CROSS_ENTROPY, ["accuracy"])
    parallel = DataParallel(model, block_bytes=SMALL_BLOCKS)
    # 162 samples in batches of 16, so that the last one leaves most shards empty
    history = parallel.fit(x, y, batch_size=16, epochs=10, validation_split=0.1, verbose=0)
    return found(parallel, history) | {"evaluate": parallel.evaluate(x, y), "steps": parallel.steps_trained}


def mlp():
    random = np.random.default_rng(1)
    x, y = random.standard_normal((203, 20)).astype("float32"), random.integers(0, 3, 203)
    model = nn.Sequential([Dense(48, activation="relu"), Dropout(0.2), Dense(3)], seed=2)
    rate = nn.schedules.ExponentialDecay(0.01, 20, 0.9)
    adam = nn.optimizers.Adam(rate, global_clipnorm=0.5, use_ema=True, gradient_accumulation_steps=2)
    model.compile(adam, CROSS_ENTROPY, ["accuracy", nn.metrics.ConfusionMatrix(3)])
    parallel = DataParallel(model, shards=16, block_bytes=SMALL_BLOCKS)
    weights = random.random(203).astype("float32")
    chosen = {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}, "sample_weight": weights}
    history = parallel.fit(x, y, batch_size=32, epochs=6, verbose=0, **chosen)
    matrices = [m.tolist() for m in history.history.pop("confusion_matrix")]
    return found(parallel, history) | {"matrices": matrices}


def lstm():
    random = np.random.default_rng(2)
    x, y = random.standard_normal((40, 6, 3)).astype("float32"), random.integers(0, 4, (40, 6))
    lengths = random.integers(1, 7, 40)
    model = nn.Sequential(
        [LSTM(8, return_sequences=True), layers.TimeDistributed(Dense(4, kernel_regularizer="l2"))], seed=3
    )
    model.compile("adam", CROSS_ENTROPY)
    parallel = DataParallel(model, block_bytes=SMALL_BLOCKS)
    return found(parallel, parallel.fit(x, y, lengths=lengths, batch_size=16, epochs=3, verbose=0))


def batches():
    random = np.random.default_rng(3)
    made = [(random.standard_normal((n, 5)).astype("float32"), random.integers(0, 2, n)) for n in (16, 16, 12, 3)]
    model = nn.Sequential([Dense(6, activation="tanh"), Dense(2)], seed=4)
    model.compile("adam", CROSS_ENTROPY)
    parallel = DataParallel(model, block_bytes=None)
    return found(parallel, parallel.fit(made, epochs=3, validation_data=made[:2], verbose=0))


def resumable(until, folder, **choices):
    """Four epochs of five batches; until: the step behind which Ctrl-C is pressed."""
    random = np.random.default_rng(4)
    x, y = random.standard_normal((80, 6)).astype("float32"), random.integers(0, 3, 80)
    model = nn.Sequential([Dense(16, activation="relu"), layers.BatchNormalization(), Dropout(0.5), Dense(3)], seed=5)
    model.compile("adam", CROSS_ENTROPY, ["accuracy"])
    parallel = DataParallel(model)

    class Press(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if model.steps_trained == until and parallel.rank == parallel.size - 1:
                os.kill(os.getpid(), signal.SIGINT)  # on one rank only, and all end behind the next step

    saver = nn.callbacks.ModelCheckpoint(folder, "loss", every_steps=100)
    try:
        history = parallel.fit(x, y, batch_size=16, epochs=4, verbose=0, callbacks=[Press(), saver], **choices)
    except KeyboardInterrupt:
        return {"steps": parallel.steps_trained}
    return found(parallel, history)


def begin(folder):
    return resumable(7, folder)


def resume(folder):
    return resumable(None, folder, resume_from=folder)


def non_finite():
    """A sample of the last shard overflows: an error on every rank, which all of them survive."""
    x, y = np.ones((16, 4), "float32"), np.zeros(16, int)
    x[-1] = 3e38
    model = nn.Sequential([Dense(8), Dense(3)], seed=6)
    model.compile("adam", CROSS_ENTROPY)
    parallel = DataParallel(model)
    model.build((4,))
    before = fingerprint(model)
    try:
        parallel.fit(x, y, batch_size=16, verbose=0, shuffle=False)
    except nn.errors.NonFiniteError as error:
        text = str(error)
    every = parallel._team.gather((text, fingerprint(model) == before))
    return {"alike": len(set(every)) == 1, "text": every[0][0], "untouched": every[0][1]}


def callbacks():
    """One rank stops all; a callback that is not for every rank runs on the first alone; all may evaluate."""
    x, y = np.ones((16, 4), "float32"), np.zeros(16, int)
    model = nn.Sequential([Dense(3)], seed=9)
    model.compile("sgd", CROSS_ENTROPY)
    parallel = DataParallel(model)
    epochs = []

    class First(nn.callbacks.Callback):
        on_every_rank = False

        def on_epoch_end(self, epoch, logs=None):
            model.evaluate(x, y)
            epochs.append(epoch)

    class Stop(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            model.stop_training = parallel.rank == parallel.size - 1 and epoch == 2

    class StopAtOnce(nn.callbacks.Callback):
        def on_train_begin(self, logs=None):
            model.stop_training = parallel.rank == parallel.size - 1

    parallel.fit(x, y, epochs=9, verbose=0, callbacks=[First(), Stop()])
    parallel.fit(x, y, epochs=9, verbose=0, callbacks=[StopAtOnce()])
    return {"epochs": parallel._team.gather(epochs), "trained": parallel._team.gather(model.epochs_trained)}


def save(folder):
    """One file, written by the first rank; a folder that is not there is an error on all of them."""
    model = nn.Sequential([Dense(3)], seed=7)
    model.compile("sgd", "mse")
    model.build((2,))
    parallel = DataParallel(model)
    parallel.save(Path(folder) / "model.safetensors")
    try:
        parallel.save(Path(folder) / "nowhere" / "model.safetensors")
    except nn.errors.FileError:
        return {"errors": len(parallel._team.gather(None))}


# what the last rank has otherwise, and what the error of all ranks says
DIFFERENCES = {
    "rows": "begins with rows",
    "labels": "begins with rows",
    "validation": "begins with validation data",
    "dropout": "begins with layers",
    "frozen": "begins with layers",
    "momentum": "begins with choices of compile",
    "seed": "begins with seed",
    "blocks": "begins with blocks",
    "batch": "goes on with a batch",
    "batches": "goes on with a batch",
    "end": "ends with weights",
}


def differences():
    """How many ranks raise an error for each, and whether all of them say so."""
    results = {name: _differing(name, text) for name, text in DIFFERENCES.items()}
    return results | {"evaluate": _differing("evaluate", "evaluates with data")}


def _differing(name, text):
    parallel = DataParallel(nn.Sequential([Dense(1)]))
    other = parallel.rank == parallel.size - 1 and name
    random = np.random.default_rng(6)
    x, y = random.standard_normal((24, 4)).astype("float32"), random.integers(0, 3, 24)
    layer = Dense(3, trainable=other != "frozen")
    drop = Dropout(0.1 if other == "dropout" else 0.2)
    model = nn.Sequential([Dense(3), drop, layer], seed=2 if other == "seed" else 1)
    optimizer = nn.optimizers.SGD(0.1, momentum=0.5 if other == "momentum" else 0.9)
    model.compile(optimizer, CROSS_ENTROPY)
    model.build((4,))
    model.set_weights([np.full_like(a, 0.1) for a in model.get_weights()])
    parallel = DataParallel(model, block_bytes=16 if other == "blocks" else None)

    class Change(nn.callbacks.Callback):
        def on_train_end(self, logs=None):
            if other == "end":
                model.set_weights([2 * a for a in model.get_weights()])

    given, choices = (x + (other == "rows"), np.roll(y, int(other == "labels"))), {"callbacks": [Change()]}
    if name in ("batch", "batches"):
        made = [(x, y), (x + (other == "batch"), y), (x, y)]
        given = (_Rounds(made[: 2 if other == "batches" else 3]),)
    if name == "validation":
        choices["validation_data"] = x[: 12 + 2 * bool(other)], y[: 12 + 2 * bool(other)]
    try:
        if name == "evaluate":
            parallel.evaluate(x[: 12 + 2 * bool(other)], y[: 12 + 2 * bool(other)])
        else:
            parallel.fit(*given, epochs=2, verbose=0, **choices)
    except nn.errors.StateError as error:
        found = text in str(error)
    else:
        found = False
    every = parallel._team.gather(found)
    return [len(every), all(every)]


class _Rounds:
    """Batches whose number nobody knows."""

    def __init__(self, made):
        self.made = made

    def __iter__(self):
        return iter(self.made)


def endless(what):
    """Train until something happens to the last rank."""
    model = nn.Sequential([Dense(64, activation="relu"), Dense(3)], seed=8)
    model.compile("adam", CROSS_ENTROPY)
    parallel = DataParallel(model)
    last = parallel.rank == parallel.size - 1
    random = np.random.default_rng(5)
    x, y = random.standard_normal((64, 8)).astype("float32"), random.integers(0, 3, 64)

    class Accident(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if parallel.rank == 0 and epoch == 3:
                print("training", flush=True)
            if last and epoch == 5:
                happens(what, model)

    parallel.fit(x, y, epochs=10**6, verbose=0, callbacks=[Accident()])


def happens(what, model):
    if what == "raise":
        raise RuntimeError("the network cable is unplugged")
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "exit":
        sys.exit(0)
    if what == "weights":
        model.set_weights([2 * a for a in model.get_weights()])


def main():
    names = sys.argv[1:]
    if names[0] == "endless":
        endless(names[1])
    results = {}
    for name in names:
        job, _, argument = name.partition(":")
        results[job] = globals()[job](*([argument] if argument else []))
    if DataParallel(nn.Sequential([Dense(1)])).rank == 0:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
