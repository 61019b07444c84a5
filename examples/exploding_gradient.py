"""Exploding gradients: without clipping a simple RNN learns nothing of a task that it learns with clipping.

Each step back through time multiplies the gradient by the recurrent kernel. Where that shrinks, the gradient vanishes;
where it stretches, the loss has cliffs, and one step from a cliff undoes what was learned. Clipping keeps the step's
direction and bounds its length (Pascanu, Mikolov and Bengio, 2013). The task: where does a walk of 50 random steps end?

python examples/exploding_gradient.py [--seeds 5] [--steps 1000]
"""

import argparse

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency

LENGTH, BATCH, UNITS = 50, 32, 32
PICTURE = "exploding_gradient.png"


def walks(random, count):
    """Steps (count, LENGTH, 1) and their sums (count, 1), whose variance is 1: the error of who always answers 0."""
    x = (random.standard_normal((count, LENGTH, 1)) / np.sqrt(LENGTH)).astype(np.float32)
    return x, x.sum(axis=1)


def network(seed, gain=1.0, rate=0.003, limit=None):
    """A recurrent kernel that multiplies the length of every state by `gain`."""
    kernel = nn.initializers.Orthogonal(gain)
    model = nn.Sequential([nn.layers.SimpleRNN(UNITS, recurrent_initializer=kernel), nn.layers.Dense(1)], seed=seed)
    model.build((LENGTH, 1))
    model.compile(nn.optimizers.SGD(rate, momentum=0.9, global_clipnorm=limit), "mse")
    return model


def through_time(gain, seeds):
    """|dL/dx| at the first step over that at the last, before training: the geometric mean over seeds."""
    ratios = []
    for seed in range(seeds):
        sizes = np.linalg.norm(network(seed, gain).input_gradient(*walks(np.random.default_rng(seed), 200)), axis=2)
        ratios.append(sizes[:, 0].mean() / sizes[:, -1].mean())
    return np.exp(np.mean(np.log(ratios)))


def train(rate, limit, seed, steps):
    """The error on other walks after training, and the gradient's norm, before clipping, at every fifth step."""
    random, model, norms = np.random.default_rng(seed), network(seed, rate=rate, limit=limit), []
    for step in range(steps):
        x, y = walks(random, BATCH)
        if step % 5 == 0:
            norms.append(np.sqrt(sum(np.sum(g.astype(np.float64) ** 2) for g in model.gradients(x, y)[1])))
        model.train_on_batch(x, y)
    return model.evaluate(*walks(np.random.default_rng(1000), 500))["loss"], norms


def draw(curves):
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("The picture needs matplotlib: pip install 'numbanet[plot]'") from None
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for title, norms in curves.items():
        axes.plot(5 * np.arange(len(norms)), norms, label=title, linewidth=0.8)
    axes.set(xlabel="training step", ylabel="norm of the gradient, before clipping", yscale="log")
    axes.legend()
    figure.savefig(PICTURE)
    print(f"\nthe gradient's norm through training, of the first seed: {PICTURE}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1000)
    options = parser.parse_args()
    print(f"before training, the gradient {LENGTH - 1} steps back over that at the last step:")
    for gain in (0.8, 0.9, 1.0, 1.1, 1.2):
        print(f"  recurrent kernel of gain {gain}: {through_time(gain, options.seeds):.1e}")

    print(f"\nmean squared error after {options.steps} steps, {options.seeds} seeds (1.0 for who always answers 0):")
    curves = {}
    for rate, limit in ((0.003, None), (0.001, None), (0.003, 1.0)):
        title = f"rate {rate}, {'no clipping' if limit is None else f'global_clipnorm={limit}'}"
        runs = [train(rate, limit, seed, options.steps) for seed in range(options.seeds)]
        curves[title] = runs[0][1]
        print(
            f"  {title + ':':<34}{'  '.join(f'{error:.3f}' for error, _ in runs)};  norm of the gradient: median "
            f"{np.median([norms for _, norms in runs]):.0f}, largest {np.max([norms for _, norms in runs]):.0f}",
            flush=True,
        )
    try:
        draw(curves)
    except MissingDependency as error:
        print(f"\n{error}")


if __name__ == "__main__":
    main()
