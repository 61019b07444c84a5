"""Small models that a GPU and the processor train alike."""

import numpy as np

import numbanet as nn

L = nn.layers


def mlp():
    layers = [L.Dense(9, activation="relu"), L.Dense(6, activation="tanh"), L.Dropout(0.3), L.Dense(3)]
    return layers, (7,), nn.optimizers.Adam(0.01), "classes"


def cnn():
    layers = [
        L.Conv2D(4, 3, padding="same", activation="relu"),
        L.BatchNormalization(),
        L.MaxPooling2D(2),
        L.Conv2D(5, 3, use_bias=False),
        L.ReLU(),
        L.Flatten(),
        L.Dropout(0.25),
        L.Dense(3),
    ]
    return layers, (8, 8, 2), nn.optimizers.SGD(0.05, momentum=0.9), "classes"


def lstm():
    layers = [L.LSTM(5, return_sequences=True), L.LSTM(4), L.Dense(1)]
    return layers, (4, 3), nn.optimizers.RMSprop(0.01, global_clipnorm=1.0), "numbers"


ALL = [mlp, cnn, lstm]


def data(shape, kind, n):
    random = np.random.default_rng(n)
    x = random.standard_normal((n, *shape)).astype(np.float32)
    if kind == "classes":
        return x, random.integers(0, 3, n)
    return x, random.standard_normal((n, 1)).astype(np.float32)


def make(which, device, dtype="float32"):
    layers, shape, optimizer, kind = which()
    model = nn.Sequential(layers, seed=3)
    model.build(shape, device=device, dtype=dtype)
    loss = nn.losses.SparseCategoricalCrossentropy() if kind == "classes" else "mse"
    model.compile(optimizer, loss, metrics=["accuracy"] if kind == "classes" else ["mae"])
    return model


def three_steps(which, device, n=4):
    """The losses of three training steps, and the weights after them."""
    model = make(which, device)
    _, shape, _, kind = which()
    losses = [model.train_on_batch(*data(shape, kind, n)) for _ in range(3)]
    return losses, model.get_weights()


def difference(which, device):
    """How far losses and weights are from the processor's, each relative to its largest element."""
    (losses, weights), (expected_losses, expected) = three_steps(which, device), three_steps(which, "cpu")
    pairs = [(np.array(losses), np.array(expected_losses)), *zip(weights, expected, strict=True)]
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs)
