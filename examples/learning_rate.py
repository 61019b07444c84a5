"""The learning rate: too small hardly moves, too large overshoots or diverges."""

import math

import numbanet as nn

RATES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)


def train(x, y, rate):
    """The loss before training and after each of ten epochs at this learning rate."""
    model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=0)
    model.compile(nn.optimizers.SGD(rate), nn.losses.SparseCategoricalCrossentropy())
    model.build((64,))
    before = model.evaluate(x, y)["loss"]
    return [before, *model.fit(x, y, batch_size=32, epochs=10, verbose=0).history["loss"]]


def main():
    x, y = nn.datasets.load_digits()
    results = {rate: train(x, y, rate) for rate in RATES}
    print(f"loss before training: {results[RATES[0]][0]:.3f} (guessing has {math.log(10):.3f})")
    for rate, losses in results.items():
        before, last = losses[0], losses[-1]
        if not math.isfinite(last) or last > before:
            verdict = "diverges: worse than before training"
        elif last > 0.5 * before:
            verdict = "too small: slow"
        else:
            verdict = "learns"
        shown = "  ".join(f"{value:8.3f}" for value in (losses[1], losses[5], last))
        print(f"rate {rate:<7g} loss after 1, 5, 10 epochs: {shown}   {verdict}")
    finite = {rate: losses[-1] for rate, losses in results.items() if math.isfinite(losses[-1])}
    print(f"lowest loss at rate {min(finite, key=finite.get):g}")


if __name__ == "__main__":
    main()
