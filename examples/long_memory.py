"""Long memory: the sum of two numbers that stand far apart in a sequence. An LSTM learns it, a simple RNN does not.

Every step has a number between 0 and 1 and a mark; two of the marks are 1, and the two numbers there are to be added
(Hochreiter and Schmidhuber, 1997, experiment 4). Who always answers 1 has a mean squared error of 1/6.

python examples/long_memory.py [--distances 10 30 100] [--steps 2000]
"""

import argparse
import time

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency

BATCH, UNITS = 64, 64
CELLS = {"SimpleRNN": nn.layers.SimpleRNN, "LSTM": nn.layers.LSTM}
PICTURE = "long_memory.png"


def sequences(random, count, distance):
    """x (count, distance, 2) and the sums (count, 1): one mark in each half."""
    x = np.zeros((count, distance, 2), np.float32)
    x[:, :, 0] = random.random((count, distance))
    for first, last in ((0, distance // 2), (distance // 2, distance)):
        x[np.arange(count), random.integers(first, last, count), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


def network(cell, distance):
    model = nn.Sequential([CELLS[cell](UNITS), nn.layers.Dense(1)], seed=0)
    model.build((distance, 2))
    # without clipping, one exploding gradient undoes what was learned before it
    model.compile(nn.optimizers.Adam(3e-3, global_clipnorm=1.0), "mse")
    return model


def gradient_through_time(model, x, y):
    """How much the loss depends on each step: the mean over samples of |dL/dx[t]|."""
    return np.linalg.norm(model.input_gradient(x, y), axis=2).mean(axis=0)


def train(cell, distance, steps):
    """The curve of test errors, the share of test sums within 0.1, and the gradient by step after training."""
    random, model = np.random.default_rng(0), network(cell, distance)
    x_test, y_test = sequences(np.random.default_rng(1), 500, distance)
    curve = []
    for step in range(steps):
        model.train_on_batch(*sequences(random, BATCH, distance))
        if (step + 1) % (steps // 20) == 0:
            curve.append((step + 1, model.evaluate(x_test, y_test)["loss"]))
    right = np.abs(model.predict(x_test) - y_test) < 0.1
    return curve, right.mean(), gradient_through_time(model, x_test, y_test)


def draw(curves, gradients):
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("The picture needs matplotlib: pip install 'numbanet[plot]'") from None
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    errors, sizes = figure.subplots(1, 2)
    for (cell, distance), curve in curves.items():
        errors.plot(*zip(*curve, strict=True), "--" if cell == "SimpleRNN" else "-", label=f"{cell}, {distance} steps")
    for cell, gradient in gradients.items():
        sizes.plot(np.arange(len(gradient)) - len(gradient), gradient, label=cell)
    errors.set(xlabel="training step", ylabel="mean squared error on test sequences", yscale="log")
    sizes.set(xlabel="step, counted from the end", ylabel="|dL/dx| after training", yscale="log")
    for axes in (errors, sizes):
        axes.legend()
    figure.savefig(PICTURE)
    print(f"\nthe curves and the gradient through time: {PICTURE}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--distances", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    print("the sum of two marked numbers; within 0.1 counts as right\n")
    curves, gradients = {}, {}
    for cell in CELLS:
        for distance in options.distances:
            start = time.perf_counter()
            curve, right, gradient = train(cell, distance, options.steps)
            curves[cell, distance], gradients[cell] = curve, gradient
            seconds = time.perf_counter() - start
            ratio = gradient[: max(1, distance // 10)].mean() / gradient[-max(1, distance // 10) :].mean()
            print(
                f"{cell:>9}, {distance:3} steps: mean squared error {curve[-1][1]:.4f}, right {right:6.1%}; "
                f"gradient at the first steps {ratio:.0e} of that at the last ({seconds:.1f} s)",
                flush=True,
            )
    try:
        draw(curves, gradients)
    except MissingDependency as error:
        print(f"\n{error}")


if __name__ == "__main__":
    main()
