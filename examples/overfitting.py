"""Overfitting: a network learns 200 digits by heart. What dropout and early stopping do about it.

When the training loss is almost zero, the network only grows more certain, also where it is wrong: the loss on digits
that it does not learn from falls, then rises. Dropout switches half of the hidden units and a fifth of the pixels off
at every step, others each time, so that none relies on another (Srivastava et al., 2014). Early stopping goes back to
the best epoch (Prechelt, 1998). Every seed has its own 200 digits; those that test choose nothing.

python examples/overfitting.py [--seeds 5] [--epochs 100]
"""

import argparse

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency

TRAINED, VALIDATED = 200, 600  # digits; the other 997 test
WIDTH, PATIENCE = 256, 20
LAST = 10  # epochs: with dropout one epoch's loss jumps by more than what is to be seen
PICTURE = "overfitting.png"


def digits(seed):
    """Three pairs x, y: to train, to validate, to test."""
    x, y = nn.datasets.load_digits()
    order = np.random.default_rng(seed).permutation(len(x))
    return [(x[part], y[part]) for part in np.split(order, [TRAINED, TRAINED + VALIDATED])]


def network(dropout, seed):
    pixels, units = (0.2, 0.5) if dropout else (0.0, 0.0)
    layers = [nn.layers.Dropout(pixels)]
    for _ in range(2):
        layers += [nn.layers.Dense(WIDTH, activation="relu", kernel_initializer="he_uniform"), nn.layers.Dropout(units)]
    model = nn.Sequential([*layers, nn.layers.Dense(10)], seed=seed)
    model.compile(nn.optimizers.Adam(3e-3), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


def train(dropout, seed, epochs, callback):
    """The trained network's results on the test digits: "loss" and "accuracy"."""
    (x, y), validation, test = digits(seed)
    model = network(dropout, seed)
    model.fit(x, y, batch_size=20, epochs=epochs, validation_data=validation, callbacks=[callback], verbose=0)
    return model.evaluate(*test)


class Losses(nn.callbacks.Callback):
    """Training and validation loss by epoch, both with every unit on; in fit's own training loss dropout is at work."""

    def __init__(self, x, y):
        self.x, self.y, self.training, self.validation = x, y, [], []

    def on_epoch_end(self, epoch, logs=None):
        self.training.append(self.model.evaluate(self.x, self.y)["loss"])
        self.validation.append(logs["val_loss"])


def compare(dropout, seed, epochs):
    """One row of the table, and the curves of training and validation.

    The row is of the training through all epochs, then of the same training with early stopping.
    """
    losses, stop = Losses(*digits(seed)[0]), nn.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
    test = train(dropout, seed, epochs, losses)
    stopped = train(dropout, seed, epochs, stop)
    last = epochs if stop.stopped_epoch is None else stop.stopped_epoch + 1
    training, validation = np.mean([losses.training[-LAST:], losses.validation[-LAST:]], axis=1)
    row = [training, min(losses.validation), validation, validation - training, test["loss"], 100 * test["accuracy"]]
    row += [last, stop.best_epoch + 1, stopped["loss"], 100 * stopped["accuracy"]]
    return row, (losses.training, losses.validation)


def report(title, rows):
    print(f"\n{title}")
    print(f"      |   lowest loss | mean loss, last {LAST:2} epochs |  test at the end | early stopping, and its test")
    print(" seed | of validation | training validation   gap |    loss    right | ends in  keeps   loss    right")
    for name, row in [*enumerate(rows), ("mean", np.mean(rows, axis=0))]:
        training, least, validation, gap, *test = row
        print(
            f"{name:>5} | {least:13.3f} | {training:8.4f} {validation:10.3f} {gap:5.3f} | "
            "{:7.3f}   {:5.1f}% | {:7.0f} {:6.0f} {:6.3f}   {:5.1f}%".format(*test),
            flush=True,
        )


def conclude(rows):
    """What the figures, as means of the seeds, come to."""
    means = {title: np.mean(found, axis=0) for title, found in rows.items()}
    (training, least, at_end, _, test, right, *_, stopped, right_stopped), dropped = means.values()
    shares = right, right_stopped, dropped[5], dropped[9]
    print(
        f"\nOverfitting: without dropout the training loss goes to {training:.4f}, and the validation loss from\n"
        f"{least:.3f} in its best epoch up to {at_end:.3f}. The test loss is then {test:.3f}. With early stopping\n"
        f"it is {stopped:.3f}, with dropout {dropped[4]:.3f}, with both {dropped[8]:.3f}."
    )
    print(
        f"\nOf the test digits, {min(shares):.1f}% to {max(shares):.1f}% are right in all four. That is no\n"
        "contradiction: whether a digit is right depends on the likeliest class alone, its loss on how certain the\n"
        "network is of it, and a mistake costs the more, the more certain it is."
    )


def draw(curves, rows):
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("The picture needs matplotlib: pip install 'numbanet[plot]'") from None
    figure = Figure(figsize=(10, 4), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    for axes, title in zip(figure.subplots(1, 2, sharey=True), curves, strict=True):
        training, validation = np.swapaxes(curves[title], 0, 1)
        epochs = np.arange(1, training.shape[1] + 1)
        axes.plot(epochs, training.mean(axis=0), "0.6", linewidth=2.5, label=f"training: mean of {len(training)} seeds")
        axes.plot(epochs, validation.mean(axis=0), "k", linewidth=2.5, label="validation: mean, and each seed's colour")
        for seed, (losses, row) in enumerate(zip(validation, rows[title], strict=True)):
            end, kept = map(int, row[6:8])
            axes.plot(epochs, losses, f"C{seed}", linewidth=0.7)
            for place, marker, size in ((kept, "o", 7), (end, "X", 8)):
                axes.plot(place, losses[place - 1], marker, color=f"C{seed}", markersize=size, markeredgecolor="k")
        axes.plot([], [], "o", color="w", markeredgecolor="k", label="early stopping keeps this epoch's weights")
        axes.plot([], [], "X", color="w", markeredgecolor="k", label="and ends the training here")
        axes.set(title=title, xlabel="epoch", xlim=(0, len(epochs) + 2), ylim=(0, 0.6))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("cross-entropy of a digit, in nats")
    figure.axes[0].legend(loc="upper right", fontsize="small")
    figure.savefig(PICTURE)
    print(f"\nthe losses by epoch: {PICTURE}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args()
    print(f"2 hidden layers of {WIDTH} units, {TRAINED} training digits, {options.epochs} epochs")
    print("all losses are measured with every unit on; in fit's own training loss dropout switches some off")
    curves, rows, threads = {}, {}, nn.get_num_threads()
    nn.set_num_threads(1)  # in steps as short as these, waiting for a second thread can take longer than the work
    for title, dropout in (("without dropout", False), ("with dropout, 50% of units, 20% of pixels", True)):
        runs = [compare(dropout, seed, options.epochs) for seed in range(options.seeds)]
        rows[title], curves[title] = zip(*runs, strict=True)
        report(title, rows[title])
    nn.set_num_threads(threads)
    print()
    without, with_dropout = (np.array(rows[title]) for title in rows)
    for what, column, better in (("a lower test loss", 4, np.less), ("more test digits right", 5, np.greater)):
        after_all, stopped = (better(with_dropout[:, k], without[:, k]).sum() for k in (column, column + 4))
        print(f"with dropout {what}: in {after_all} of {options.seeds} seeds at the end, {stopped} with early stopping")
    conclude(rows)
    try:
        draw(curves, rows)
    except MissingDependency as error:
        print(f"\n{error}")


if __name__ == "__main__":
    main()
