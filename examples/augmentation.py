"""Augmentation: a network learns 100 digits, and sees each a little differently at every step. Which changes help?

A digit moved by a pixel is the same digit: with `RandomTranslation` the network has more to learn from than it was
given. A digit in the mirror is mostly none at all, and `RandomFlip` makes the network worse. What is drawn depends on
the seed, the step and the sample alone; in prediction the layers do nothing. Every seed has its own 100 digits.

python examples/augmentation.py [--seeds 5] [--epochs 100]
"""

import argparse

import numpy as np

import numbanet as nn

TRAINED = 100  # digits; all others test
CHOICES = {
    "as they are": lambda: [],
    "shifted by a pixel": lambda: [nn.layers.RandomTranslation(1 / 8, 1 / 8, fill_mode="constant")],
    "a box erased": lambda: [nn.layers.RandomErasing(0.5, size=3)],
    "mirrored": lambda: [nn.layers.RandomFlip()],
}


def digits(seed):
    """Two pairs x, y: to train, to test."""
    x, y = nn.datasets.load_digits()
    x = x.reshape(-1, 8, 8, 1)
    order = np.random.default_rng(seed).permutation(len(x))
    return [(x[part], y[part]) for part in np.split(order, [TRAINED])]


def network(augmentation, x, seed):
    """A small CNN. Mean and variance of the pixels are measured before training."""
    scale = nn.layers.Normalization(axis=None)
    scale.adapt(x)
    layers = [scale, *augmentation]
    for filters in (8, 16):
        layers.append(nn.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    layers += [nn.layers.MaxPooling2D(2), nn.layers.Flatten(), nn.layers.Dense(10)]
    model = nn.Sequential(layers, seed=seed)
    model.compile(nn.optimizers.Adam(3e-3), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


def accuracies(augmentation, seed, epochs):
    """Of the digits that it learned from, and of the others."""
    train, test = digits(seed)
    model = network(augmentation, train[0], seed)
    model.fit(*train, batch_size=25, epochs=epochs, verbose=0)
    return [model.evaluate(*data)["accuracy"] for data in (train, test)]


def main():
    parser = argparse.ArgumentParser(description="Augmentation of 100 digits.")
    parser.add_argument("--seeds", type=int, default=5, help="networks of each kind")
    parser.add_argument("--epochs", type=int, default=100)
    chosen = parser.parse_args()
    print(f"{TRAINED} digits, {chosen.epochs} epochs, mean of {chosen.seeds} networks")
    print(f"{'in training':>20} {'accuracy on them':>18} {'on the others':>14}")
    for name, make in CHOICES.items():
        found = [accuracies(make(), seed, chosen.epochs) for seed in range(chosen.seeds)]
        learned, others = np.mean(found, axis=0)
        print(f"{name:>20} {learned:18.3f} {others:14.3f}")


if __name__ == "__main__":
    main()
