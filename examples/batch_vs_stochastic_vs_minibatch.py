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
    print(f"{'':22}{'steps':>8}{'loss 2':>9}{'loss 20':>9}{'rises':>7}{'accuracy':>10}{'seconds':>9}")
    for name, size in (("batch (1400)", 1400), ("mini-batch (32)", 32), ("stochastic (1)", 1)):
        losses, accuracy, steps, seconds = train(x, y, size)
        rises = sum(after > before for before, after in itertools.pairwise(losses))
        print(f"{name:22}{steps:8}{losses[0]:9.4f}{losses[-1]:9.4f}{rises:7}{accuracy:10.4f}{seconds:9.3f}")
    print("One batch step an epoch falls smoothly and slowly; stochastic steps are many and noisy;")
    print("mini-batches have most of the progress and use the processor best.")


if __name__ == "__main__":
    main()
