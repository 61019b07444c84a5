"""`numbanet demo`: a convolutional network of our own loops learns real handwritten digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import callbacks, datasets, layers, losses, optimizers, plot
from .data import split
from .errors import MissingDependency
from .model import Sequential

TEST = 0.2  # of the 1,797 digits, stratified; the network never sees them while it trains
FILTERS = (16, 32)
CURVE = "learning_curve.png"


def run(seed: int = 0, epochs: int = 15, device: str = "cpu", picture: str = CURVE) -> float:
    """Train, print what happens, draw the learning curve; returns the accuracy on the test digits."""
    x, y = datasets.load_digits()
    x = x.reshape(-1, 8, 8, 1)
    kept, held = split(y, TEST, seed)
    model = Sequential(
        [
            layers.Conv2D(FILTERS[0], 3, padding="same", activation="relu"),
            layers.Conv2D(FILTERS[1], 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ],
        seed=seed,
        name="digits",
    )
    model.build(x.shape[1:], device)
    model.compile(optimizers.Adam(5e-3), losses.SparseCategoricalCrossentropy(), ["accuracy"])
    print(f"{len(kept)} digits to train on, {len(held)} to test on, 8x8 pixels each (UCI, 1998)\n")
    model.summary()
    print()
    stop = callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True)
    history = model.fit(x[kept], y[kept], batch_size=32, epochs=epochs, validation_split=0.1, callbacks=[stop])
    best = "" if stop.best_epoch is None else f", best epoch {stop.best_epoch + 1}: its weights are kept"
    print(f"\n{len(history.epoch)} epochs{best}")
    found = model.evaluate(x[held], y[held])
    print()
    _show_mistakes(model, x[held], y[held])
    try:
        print(f"learning curve: {plot.learning_curve(history, Path(picture))}")
    except MissingDependency as error:
        print(f"no learning curve: {error}")
    except OSError as error:
        print(f"no learning curve: {error.strerror} ({picture})")
    print(f"test accuracy {found['accuracy']:.4f}")
    return float(found["accuracy"])


def _show_mistakes(model: Sequential, x: np.ndarray, y: np.ndarray) -> None:
    """Draw the first test digits that the network takes for another."""
    guesses = model.predict(x).argmax(axis=1)
    wrong = np.flatnonzero(guesses != y)[:5]
    if not len(wrong):
        return
    print(f"mistaken for another: {np.count_nonzero(guesses != y)} of {len(y)}, among them")
    shades = np.array(list(" ░▒▓█"))
    pictures = [shades[(x[k].reshape(8, 8) * 4).round().astype(int)] for k in wrong]
    for line in zip(*pictures, strict=True):
        print("   ".join("".join(np.repeat(row, 2)) for row in line))
    print("   ".join(f"{y[k]} taken for {guesses[k]}".ljust(16) for k in wrong) + "\n")
