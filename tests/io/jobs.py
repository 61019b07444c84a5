"""Trainings that take a second, half of it for files. The same call begins one in a folder, and goes on with it."""

import hashlib
import json

import numpy as np

import numbanet as nn
from numbanet import callbacks, layers, optimizers, schedules

KEEP = 3


def mlp():
    """Gradient accumulation and an average of the weights: more moments, and steps without an update."""
    r = np.random.default_rng(1)
    m = nn.Sequential([layers.Dense(96, "tanh"), layers.Dropout(0.2), layers.Dense(3)], seed=1)
    optimizer = optimizers.Adam(0.01, gradient_accumulation_steps=4, use_ema=True, ema_momentum=0.9)
    m.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy", nn.metrics.ConfusionMatrix(3)])
    x = r.standard_normal((3000, 24)).astype("float32")
    fit = {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}
    return m, (x, (x[:, :3] + r.standard_normal((3000, 3))).argmax(1)), fit, [plateau(), callbacks.SwapEMAWeights()]


def cnn():
    """Running statistics, dropout and a schedule."""
    r = np.random.default_rng(2)
    block = [layers.Conv2D(8, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(2)]
    m = nn.Sequential([*block, layers.Flatten(), layers.Dropout(0.3), layers.Dense(4)], seed=2)
    m.compile(
        optimizers.SGD(schedules.CosineDecay(0.02, 400), momentum=0.9), "sparse_categorical_crossentropy", ["accuracy"]
    )
    x = r.standard_normal((900, 10, 10, 1)).astype("float32")
    return m, (x, (x[:, :4, 0, 0] + r.standard_normal((900, 4))).argmax(1)), {}, []


def lstm():
    """Sequences of different lengths."""
    r = np.random.default_rng(3)
    m = nn.Sequential([layers.LSTM(24), layers.Dense(2)], seed=3)
    m.compile(optimizers.RMSprop(0.01), "mse", ["mae"])
    x = r.standard_normal((900, 12, 4)).astype("float32")
    fit = {"lengths": r.integers(1, 13, 900), "sample_weight": r.uniform(0.5, 2, 900).astype("float32")}
    y = x[:, :2, 0] + r.standard_normal((900, 2), "float32")
    return m, (x, y), fit, [plateau()]


JOBS = {"mlp": mlp, "cnn": cnn, "lstm": lstm}


def plateau():
    return callbacks.ReduceLROnPlateau(factor=0.5, patience=1)


def train(name, folder, watchers=(), epochs=9):
    """Train in a folder to the end; returns the SHA-256 of what came of it."""
    m, data, fit, others = JOBS[name]()
    early = callbacks.EarlyStopping(patience=4, restore_best_weights=True)
    log = callbacks.CSVLogger(folder / "log.csv")
    saver = callbacks.ModelCheckpoint(folder, monitor="val_loss", every_epochs=1, every_steps=23, keep=KEEP)
    history = m.fit(
        *data, 16, epochs, validation_split=0.2, callbacks=[saver, *watchers, early, *others, log], resume_from=folder,
        verbose=0, **fit,
    )  # fmt: skip
    digest = hashlib.sha256(b"".join(a.tobytes() for a in m.get_weights()))
    values = {key: np.asarray(series).tolist() for key, series in history.history.items()}
    digest.update(json.dumps([history.epoch, values, m.steps_trained, early.best_epoch]).encode())
    return digest.hexdigest()
