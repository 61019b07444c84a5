"""Ten training steps on the GPU beside the same on the processor, and twice on the GPU to equal bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import numbanet as nn

from . import Item
from .machine import Machine

HEAD = "network", "loss differs by", "weights differ by", "equal bits", "right"
STEPS, QUICK_STEPS = 10, 2
MOST = 2e-4  # of the largest weight: ten steps of float32 by sums in another order
layers = nn.layers


def mlp() -> nn.Sequential:
    return nn.Sequential([layers.Dense(37, activation="relu"), layers.Dense(5)], seed=3)


def cnn() -> nn.Sequential:
    chain = [
        layers.Conv2D(8, 3, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        layers.Dropout(0.3),
        layers.Conv2D(12, 3, strides=2),
        layers.Flatten(),
        layers.Dense(5),
    ]
    return nn.Sequential(chain, seed=4)


def lstm() -> nn.Sequential:
    return nn.Sequential([layers.LSTM(19), layers.Dense(5)], seed=5)


def residual() -> nn.Sequential:
    f = [layers.Conv2D(8, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU()]
    chain = [layers.Conv2D(8, 3), layers.Residual(f), layers.GlobalAveragePooling2D(), layers.Dense(5)]
    return nn.Sequential(chain, seed=6)


NETWORKS: dict[str, tuple[Callable[[], nn.Sequential], tuple[int, ...]]] = {
    "MLP": (mlp, (21,)),
    "CNN with BatchNormalization and Dropout": (cnn, (13, 13, 3)),
    "LSTM": (lstm, (9, 6)),
    "Residual": (residual, (9, 9, 3)),
}
OPTIMIZERS = {
    "SGD": lambda: nn.optimizers.SGD(0.05, momentum=0.9),
    "Adam": lambda: nn.optimizers.Adam(1e-3, epsilon=1e-3),
}


def trained(name: str, optimizer: str, device: Any, steps: int, n: int) -> tuple[list[float], list[Any]]:
    """Losses, and the weights after the steps."""
    make, shape = NETWORKS[name]
    random = np.random.default_rng(0)
    model = make()
    model.build(shape, device=device)
    model.compile(OPTIMIZERS[optimizer](), nn.losses.SparseCategoricalCrossentropy())
    found = []
    for _ in range(steps):
        x, y = random.standard_normal((n, *shape), np.float32), random.integers(0, 5, n)
        found.append(model.train_on_batch(x, y))
    return found, model.get_weights()


def compared(name: str, optimizer: str, device: Any, steps: int = STEPS, n: int = 16) -> dict[str, Any]:
    """A row: the GPU beside the processor, and beside itself."""
    losses, weights = trained(name, optimizer, "cpu", steps, n)
    ours, found = trained(name, optimizer, device, steps, n)
    again, twice = trained(name, optimizer, device, steps, n)
    loss = float(np.abs(np.subtract(losses, ours)).max())
    worst = max(float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-3)) for a, b in zip(weights, found, strict=True))
    same = ours == again and all(a.tobytes() == b.tobytes() for a, b in zip(found, twice, strict=True))
    return {"loss": loss, "weights": worst, "same": same, "right": bool(same and loss < MOST and worst < MOST)}


def fitted(device: Any, epochs: int) -> dict[str, Any]:
    """`fit` on the bundled digits, with metrics and validation."""
    histories = []
    x, y = nn.datasets.load_digits()
    x = x.reshape(len(x), -1).astype(np.float32) / np.float32(x.max())
    for chosen in ("cpu", device, device):
        model = nn.Sequential([layers.Dense(32, activation="relu"), layers.Dropout(0.1), layers.Dense(10)], seed=7)
        model.build(x.shape[1:], device=chosen)
        model.compile(nn.optimizers.SGD(0.05, momentum=0.9), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
        histories.append(model.fit(x, y, 32, epochs, validation_split=0.2, verbose=0).history)
    host, first, second = histories
    worst = max(float(np.abs(np.subtract(host[name], first[name])).max()) for name in host)
    same = first == second
    return {"loss": worst, "weights": 0.0, "same": same, "right": bool(same and worst < 0.01)}


def items(machine: Machine) -> list[Item]:
    steps, n = (QUICK_STEPS, 3) if machine.quick else (STEPS, 16)
    chosen = [("MLP", "SGD")] if machine.quick else [(name, o) for o in OPTIMIZERS for name in NETWORKS]
    found = [
        Item(f"{name}, {o}", lambda name=name, o=o: compared(name, o, machine.device(), steps, n)) for name, o in chosen
    ]
    return found if machine.quick else [*found, Item("fit on the digits", lambda: fitted(machine.device(), 3))]


def cells(row: dict[str, Any]) -> list[str]:
    """Of the table."""
    yes = {True: "yes", False: "NO"}
    return [row["name"], f"{row['loss']:.1e}", f"{row['weights']:.1e}", yes[row["same"]], yes[row["right"]]]
