"""Batch, stochastic and mini-batch gradient descent: the same network and epochs, another batch size."""

import itertools
import time

import numbanet as nn

EPOCHS = 20


def train(x, y, batch_size):
    """Loss after each epoch, test accuracy, steps, and seconds."""
    model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=0)
    model.compile(nn.optimizers.SGD(0.05), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    x, y, x_test, y_test = x[:1400], y[:1400], x[1400:], y[1400:]
    model.fit(x, y, batch_size=batch_size, epochs=1, verbose=0)  # compiles, and is the first epoch
    start = time.perf_counter()
    history = model.fit(x, y, batch_size=batch_size, epochs=EPOCHS - 1, verbose=0)
    seconds = time.perf_counter() - start
    steps = -(-len(x) // batch_size) * EPOCHS
    return history.history["loss"], model.evaluate(x_test, y_test)["accuracy"], steps, seconds


def main():
    x, y = nn.datasets.load_digits()
    print(
        f"after {EPOCHS} epochs at the same learning rate; 'rises' counts epochs whose loss was above the one before\n"
    )
    print(f"{'':18}{'steps':>8}{'loss':>9}{'rises':>7}{'accuracy':>10}{'seconds':>9}{'us a step':>11}")
    found = {}
    for name, size in (("batch (1400)", 1400), ("mini-batch (32)", 32), ("stochastic (1)", 1)):
        losses, accuracy, steps, seconds = train(x, y, size)
        rises = sum(after > before for before, after in itertools.pairwise(losses))
        each = seconds / steps * 1e6
        print(f"{name:18}{steps:8}{losses[-1]:9.4f}{rises:7}{accuracy:10.4f}{seconds:9.3f}{each:11.1f}")
        found[name] = losses[-1], steps
    best = min(found, key=lambda name: found[name][0])
    print(f"\nlowest loss after the same epochs: {best}, with {found[best][1]} steps")


if __name__ == "__main__":
    main()
